"""What a person sees while conditions run: one live table in a terminal, plain lines elsewhere."""

import dataclasses
import time
from collections.abc import Mapping
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from gensweep.progress import Event

_ROWS = 24
"""Rows of the live table at most: what runs comes first, then what ended last."""
_STYLE = {"done": "green", "failed": "red", "waiting": "dim"}


@dataclasses.dataclass(slots=True)
class _Row:
    label: str
    event: Event
    began: float
    stage_began: float
    ended: float = 0.0

    def running(self) -> bool:
        return self.event.stage not in _STYLE

    def left(self, now: float) -> str:
        done, total = self.event.done, self.event.total
        if not self.running() or not 0 < done < total:
            return ""
        return duration((now - self.stage_began) * (total - done) / done)


class Watch:
    """A context manager and ``Notify``: shows the events of the conditions that ``labels`` names by id."""

    def __init__(self, labels: Mapping[str, str], console: Console) -> None:
        self._console = console
        self._rows = {
            key: _Row(label, Event(condition=key, stage="waiting"), 0.0, 0.0) for key, label in labels.items()
        }
        self._live = Live(console=console, refresh_per_second=4, get_renderable=self._table, transient=True)

    def __enter__(self) -> "Watch":
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def __call__(self, event: Event) -> None:
        """Show an event; away from a terminal, only a stage's beginning and a condition's end make a line."""
        now = time.monotonic()
        row = self._rows[event.condition]
        if event.stage != row.event.stage or not row.began:
            row.began = row.began or now
            row.stage_began = now
            row.ended = now if event.stage in _STYLE else 0.0
            if not self._console.is_terminal:
                self._line(row, event)
        row.event = event

    def _line(self, row: _Row, event: Event) -> None:
        seconds = f" in {duration(row.ended - row.began)}" if row.ended else ""
        self._console.print(
            f"[{self._ended()}/{len(self._rows)}] {row.label}: {event.stage}{seconds}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )

    def _ended(self) -> int:
        return sum(row.ended > 0 for row in self._rows.values())

    def _table(self) -> Group:
        now = time.monotonic()
        rows = list(self._rows.values())
        shown = sorted(rows, key=lambda row: (not row.running(), -row.ended, row.event.stage == "waiting"))[:_ROWS]
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("condition")  # the one that is cut where the terminal is narrow
        for column in ("stage", "progress", "", "time", "left"):
            table.add_column(column, no_wrap=True)
        for row in shown:
            event = row.event
            bar = (
                ProgressBar(total=event.total, completed=event.done, width=16) if row.running() and event.total else ""
            )
            took = duration((row.ended or now) - row.began) if row.began else ""
            stage = Text(event.stage, style=_STYLE.get(event.stage, "cyan"))
            label = Text(row.label, no_wrap=True, overflow="ellipsis")
            table.add_row(label, stage, bar, event.note, took, row.left(now))
        failed = sum(row.event.stage == "failed" for row in rows)
        caption = f"{self._ended()} of {len(rows)} ended" + (f", {failed} failed" if failed else "")
        return Group(table, Text(caption, style="dim"))


def duration(seconds: float) -> str:
    """``m:ss``, or ``h:mm:ss`` from an hour on."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
