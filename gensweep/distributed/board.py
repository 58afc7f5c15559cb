"""How the driver hears from the trials: an actor, in a module of its own that brings no library into its process."""

import time
from typing import Any

from gensweep.progress import Event

POLL_SECONDS = 0.3
"""How often the driver asks, and a stage of a condition reports."""


class Board:
    """An actor that holds the latest event of each condition until the driver takes them."""

    def __init__(self) -> None:
        self._events: dict[str, Event] = {}

    def post(self, event: Event) -> None:
        """Note the latest event of a condition."""
        self._events[event.condition] = event

    def take(self) -> list[Event]:
        """The events since the last call."""
        events, self._events = list(self._events.values()), {}
        return events


class Poster:
    """Sends events to the board, at most a few a second for each stage of a condition; picklable."""

    def __init__(self, board: Any) -> None:
        self._board = board
        self._last: tuple[str, str] = ("", "")
        self._sent = 0.0

    def __call__(self, event: Event) -> None:
        """Post the event unless the same stage reported a moment ago."""
        stage, now = (event.condition, event.stage), time.monotonic()
        if stage != self._last or now - self._sent > POLL_SECONDS:
            self._last, self._sent = stage, now
            self._board.post.remote(event)
