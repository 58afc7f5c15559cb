"""Accuracies: one row per arm and split with intervals, paired gaps to the best arm, and the terminal's summary."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gensweep.report.arms import Arm
from gensweep.report.study import Answers, Floats, Study
from gensweep.scoring.predictions import Normalisation
from gensweep.scoring.statistics import Estimate, Integers, accuracy, chance, difference, number

RECALL = "rephrase"
"""The split that asks facts as they were trained, and so measures no generalisation."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class AccuracyRow:
    """How one arm did in one split. ``questions`` are asked per seed; ``behind`` is the best arm's lead, paired.

    With several orders of the documents each question has an answer for each, and accuracies are means over them.
    ``behind`` is None for the best arm itself and where the two answered no question in common. ``near_ties`` counts
    answers whose best two choices are closer than rounding.
    """

    arm: Arm
    split: str
    accuracy: Estimate
    by_seed: tuple[tuple[int, float], ...]
    questions: int
    chance: float
    near_ties: int
    behind: Estimate | None


def accuracy_rows(study: Study) -> list[AccuracyRow]:
    """One row per arm and split, by dataset and model, then split, then arm."""
    rows = []
    for dataset, model in study.panels():
        arms = study.arms_of(dataset, model)
        for split in study.splits_of(dataset):
            cells = [(arm, study.answers[arm, split]) for arm in arms if (arm, split) in study.answers]
            best = max(
                (answers for _, answers in cells), key=lambda answers: float(answers.correct.mean()), default=None
            )
            rows += [_row(arm, split, answers, best) for arm, answers in cells]
    return rows


def _row(arm: Arm, split: str, answers: Answers, best: Answers | None) -> AccuracyRow:
    seeds = np.unique(answers.seeds)
    by_seed = [(int(seed), answers.correct[answers.seeds == seed]) for seed in seeds]
    orders = len(np.unique(answers.orderings))
    return AccuracyRow(
        arm=arm,
        split=split,
        accuracy=accuracy(answers.correct, answers.cluster_of, answers.seeds),
        by_seed=tuple((seed, float(np.mean(right))) for seed, right in by_seed),
        questions=max(len(right) for _, right in by_seed) // orders,
        chance=chance(answers.choices),
        near_ties=int(answers.near_tie.sum()),
        behind=None if best is None or best is answers else paired(best, answers),
    )


def paired(first: Answers, second: Answers) -> Estimate | None:
    """Accuracy of ``first`` minus that of ``second`` over the questions (by seed) that both answered; None if none."""
    (asked, at, right), (other_asked, _, other_right) = _by_question(first), _by_question(second)
    common, mine, other = np.intersect1d(asked, other_asked, assume_unique=True, return_indices=True)
    if not common.size:
        return None
    return difference(right[mine], other_right[other], number(first.cluster_of[at[mine]]), first.seeds[at[mine]])


def _by_question(answers: Answers) -> tuple[Integers, Integers, Floats]:
    """The questions by seed, the place of each one's first answer, and its share of right answers over the orders."""
    asked, at, question_of = np.unique(answers.asked, return_index=True, return_inverse=True)
    right: Floats = np.bincount(question_of, weights=answers.correct) / np.bincount(question_of)
    return asked, at, right


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class NormalisedRow:
    """Accuracy of one arm in one split under each normalisation; None where its log-likelihoods are not stored."""

    arm: Arm
    split: str
    accuracies: dict[Normalisation, float | None]


def normalised_rows(study: Study) -> list[NormalisedRow]:
    """Does the answer hang on how choices of different length are compared? No row where answers are written."""
    return [
        NormalisedRow(
            arm=arm,
            split=split,
            accuracies={
                name: None if np.isnan(right).any() else float(right.mean()) for name, right in answers.right.items()
            },
        )
        for (arm, split), answers in study.answers.items()
        if answers.choices.any()
    ]


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class DoseRow:
    """Accuracy where an augmentation stated the right answer, and where none did; None where there is no question."""

    arm: Arm
    split: str
    generated: Estimate | None
    not_generated: Estimate | None
    share: float


def dose_rows(study: Study) -> list[DoseRow]:
    """One row per augmented arm and split, where the results tell which answers were generated."""
    rows = []
    for (arm, split), answers in study.answers.items():
        told = ~np.isnan(answers.generated)
        if told.any():
            yes, no = answers.generated == 1, answers.generated == 0
            rows.append(
                DoseRow(
                    arm=arm,
                    split=split,
                    generated=_part(answers, yes),
                    not_generated=_part(answers, no),
                    share=float(yes.sum() / told.sum()),
                )
            )
    return rows


def _part(answers: Answers, chosen: NDArray[np.bool_]) -> Estimate | None:
    if not chosen.any():
        return None
    return accuracy(answers.correct[chosen], number(answers.cluster_of[chosen]), answers.seeds[chosen])


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class SummaryTable:
    """Plain text cells for the terminal: one table per dataset and model, splits as columns, arms as rows."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def summary_table(study: Study) -> list[SummaryTable]:
    """The accuracies as the command line prints them, ``62.5% [55.0, 70.1]``, the last row being chance."""
    rows = accuracy_rows(study)
    tables = []
    for dataset, model in study.panels():
        splits = study.splits_of(dataset)
        own = [row for row in rows if (row.arm.dataset, row.arm.model) == (dataset, model)]
        cells = {(row.arm, row.split): interval(row.accuracy) for row in own}
        chances = {row.split: percent(row.chance) for row in own}
        lines = [
            (arm.label, *(cells.get((arm, split), "not finished") for split in splits))
            for arm in study.arms_of(dataset, model)
        ]
        lines.append(("chance", *(chances.get(split, "") for split in splits)))
        tables.append(SummaryTable(title=f"{dataset} · {model}", header=("condition", *splits), rows=tuple(lines)))
    return tables


def percent(share: float) -> str:
    """``62.5%``."""
    return f"{100 * share:.1f}%"


def interval(estimate: Estimate) -> str:
    """``62.5% [55.0, 70.1]``."""
    return f"{percent(estimate.value)} [{100 * estimate.low:.1f}, {100 * estimate.high:.1f}]"


def selected(study: Study, rows: Sequence[AccuracyRow], dataset: str, model: str, limit: int = 8) -> list[Arm]:
    """The arms that a figure and the answer show: all of them up to ``limit``.

    Above it, one per mode and augmentation: the arm with the highest accuracy on ``rephrase`` (facts as they were
    trained), so that what is shown was not picked by the generalisation it is meant to measure. Where there is no such
    split, it is the arm with the highest mean accuracy, and the page says that the choice flatters it.
    """
    arms = study.arms_of(dataset, model)
    if len(arms) <= limit:
        return arms
    own = [row for row in rows if (row.arm.dataset, row.arm.model) == (dataset, model)]
    by = [row for row in own if row.split == RECALL] or own
    accuracies: dict[Arm, list[float]] = {}
    for row in by:
        accuracies.setdefault(row.arm, []).append(row.accuracy.value)
    best: dict[tuple[str, str], Arm] = {}
    for arm in arms:
        rival = best.setdefault((arm.mode, arm.augmentation), arm)
        if np.mean(accuracies.get(arm, [-1.0])) > np.mean(accuracies.get(rival, [-1.0])):
            best[arm.mode, arm.augmentation] = arm
    chosen = set(best.values())
    return [arm for arm in arms if arm in chosen]
