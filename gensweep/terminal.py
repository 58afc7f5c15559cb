"""What the commands print: the summary of a study, its failures, a plan, a dataset's check."""

import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gensweep.config import Experiment
from gensweep.datasets.check import Report
from gensweep.live import duration
from gensweep.plan import BYTES_PER_TOKEN, Work, measured_flops, total_flops
from gensweep.records import ConditionSummary
from gensweep.results import describe, names_of


def console() -> Console:
    """Standard output; where that is a file or a pipe, wide enough for a row of any table."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else 160)


def print_summary(out: Path, console: Console) -> None:
    """Accuracy with 95% interval by split and condition, one table per dataset and model."""
    from gensweep.report import study, tables  # SciPy's start is longer than all that a plan does

    for summary in tables.summary_table(study.load(out)):
        table = Table(title=summary.title, title_justify="left", title_style="bold", box=None, pad_edge=False)
        table.add_column(summary.header[0], no_wrap=True)
        for split in summary.header[1:]:
            table.add_column(split, justify="right")
        for row in summary.rows:
            table.add_row(*row)
        console.print(table)
        console.print()


def print_failures(conditions: Sequence[ConditionSummary], console: Console) -> None:
    """Which conditions failed and the last line of why; the report holds the whole error."""
    for condition in conditions:
        if condition.status == "failed":
            reason = condition.error.strip().splitlines()[-1]
            console.print(f"failed: {condition.label}: {reason}", style="red", markup=False, highlight=False)


def print_plan(experiment: Experiment, works: Sequence[Work], console: Console) -> None:
    """The conditions with the tokens that each has to generate, train on and score, and the time that a CPU needs."""
    names = names_of(experiment)
    table = Table(box=None, pad_edge=False)
    table.add_column("condition", no_wrap=True)
    for column in ("stored", "generate", "train", "score"):
        table.add_column(column, justify="right")
    for work in works:
        tokens = (work.generate_tokens, work.train_tokens, work.score_tokens)
        cells = ["" if count == 0 else f"{count:,.0f}" for count in tokens]
        table.add_row(Text(describe(work.condition, names)), "yes" if work.done else "", *cells)
    console.print(table)
    to_do = [work for work in works if not work.done]
    rate, flops = measured_flops(), total_flops(works)
    console.print(
        f"\n{len(works)} conditions, {len(works) - len(to_do)} stored; columns are tokens, estimated at "
        f"{BYTES_PER_TOKEN:g} bytes each, generation at its longest.\nTo do: {flops / 1e12:,.1f} TFLOP, at least "
        f"{duration(flops / rate)} at the {rate / 1e9:,.0f} GFLOP/s of a matrix product on this machine's CPU.",
        highlight=False,
        soft_wrap=True,
    )


def print_check(report: Report, console: Console) -> None:
    """Sizes, how far the guessers get on each split against chance, and every broken rule."""
    splits = ", ".join(f"{count} {split}" for split, count in report.questions_by_split)
    console.print(f"{report.dataset}: {report.facts} facts, {report.documents} documents; questions: {splits}\n")
    table = Table(title="guessers that know only the words", title_justify="left", box=None, pad_edge=False)
    for column in ("guesser", "split", "questions", "accuracy", "chance", "verdict"):
        table.add_column(column, justify="left" if column in {"guesser", "split", "verdict"} else "right")
    for guess in report.guesses:
        accuracy = f"{100 * guess.accuracy:.1f}% [{100 * guess.low:.1f}, {100 * guess.high:.1f}]"
        verdict = f"{guess.verdict} chance"
        table.add_row(guess.guesser, guess.split, str(guess.questions), accuracy, f"{100 * guess.chance:.1f}%", verdict)
    if report.guesses:
        console.print(table)
    for violation in report.violations:
        console.print(f"violated: {violation}", style="red", markup=False)
    console.print("no rule is violated" if not report.violations else f"{len(report.violations)} rules are violated")
