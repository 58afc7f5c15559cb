"""What a person sees of a sweep, in a terminal of any width."""

import io
import re
import time

import pytest
from rich.console import Console
from rich.text import Text

from gensweep.live import Watch
from gensweep.progress import Event

LABELS = {
    "one": "builtin:tiny · simple_reversals · finetune + local (independent) · lr 0.001 · seed 0",
    "two": "builtin:tiny · semantic_structure · write local+global augmentations · seed 2",
    "three": "builtin:tiny · simple_reversals · pretrained · seed 1",
}


@pytest.mark.parametrize("width", [70, 100, 200])
def test_where_it_is_narrow_only_names_are_cut(width: int) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=width, height=40)
    with Watch(LABELS, console) as watch:
        watch(Event(condition="two", stage="augment", done=3, total=4))
        watch(Event(condition="one", stage="fit", done=1, total=2, note="loss 2.345"))
        time.sleep(0.6)  # the table is drawn four times a second
    assert isinstance(console.file, io.StringIO)
    lines = Text.from_ansi(console.file.getvalue()).plain.splitlines()
    fit = next(line for line in reversed(lines) if "loss 2.345" in line)
    assert re.search(r"  fit +━.+ loss 2\.345  \d:\d\d  \d:\d\d$", fit) and len(fit) <= width
    assert any("  augment  ━" in line for line in lines)
    assert any(line.rstrip().endswith("waiting") for line in lines)
    assert any(line.split() == ["condition", "stage", "progress", "time", "left"] for line in lines)
    assert ("…" in fit) == (width < 130)


def test_away_from_a_terminal_a_stage_begins_and_a_condition_ends_with_a_line() -> None:
    console = Console(file=io.StringIO(), width=100)
    with Watch(LABELS, console) as watch:
        for done in range(3):
            watch(Event(condition="three", stage="score", done=done, total=2))
        watch(Event(condition="three", stage="done"))
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().splitlines() == [
        f"[0/3] {LABELS['three']}: score",
        f"[1/3] {LABELS['three']}: done in 0:00",
    ]
