"""How accuracy in context hangs on the context: on its size, and on the order of the documents in it."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from gensweep.report.arms import Arm
from gensweep.report.study import Study
from gensweep.report.tables import AccuracyRow


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class SizeRow:
    """One arm in one split with the size of its context: means over the finished seeds."""

    row: AccuracyRow
    documents: float
    tokens: float


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class OrderRow:
    """One arm in one split over ``orders`` orders of its documents.

    ``lowest`` and ``highest`` are the accuracies of a seed's worst and best order, mean over seeds; ``deviation`` is
    the standard deviation between the orders of a seed (from the mean of the seeds' variances); ``changing`` is the
    share of questions that are answered rightly behind one order and wrongly behind another.
    """

    row: AccuracyRow
    orders: int
    lowest: float
    highest: float
    deviation: float
    changing: float


def size_rows(study: Study, rows: Sequence[AccuracyRow]) -> list[SizeRow]:
    """The rows of arms whose like (model, dataset, augmentation) was run with contexts of several sizes.

    They come by split, then augmentation, then size; empty where no size was varied.
    """
    found = []
    for row in rows:
        done = [seed for seed in study.seeds_of[row.arm] if seed.status == "done"]
        if row.arm.mode == "icl" and done:
            documents = float(np.mean([seed.context_documents for seed in done]))
            tokens = float(np.mean([seed.context_tokens for seed in done]))
            found.append(SizeRow(row=row, documents=documents, tokens=tokens))
    sizes: dict[tuple[str, str, str], set[float]] = {}
    for item in found:
        sizes.setdefault(_kind(item.row.arm), set()).add(item.tokens)
    varied = [item for item in found if len(sizes[_kind(item.row.arm)]) > 1]
    places = {key: place for place, key in enumerate(dict.fromkeys(_line(item) for item in varied))}
    return sorted(varied, key=lambda item: (places[_line(item)], item.tokens))


def _kind(arm: Arm) -> tuple[str, str, str]:
    return arm.model, arm.dataset, arm.augmentation


def _line(item: SizeRow) -> tuple[str, ...]:
    """Which line of the figure a point is on."""
    return *_kind(item.row.arm), item.row.split


def order_rows(study: Study, rows: Sequence[AccuracyRow]) -> list[OrderRow]:
    """One row per arm and split that was asked behind several orders of its documents."""
    found = []
    for row in rows:
        answers = study.answers[row.arm, row.split]
        orders = np.unique(answers.orderings)
        if len(orders) < 2:
            continue
        accuracies = np.array(
            [
                [answers.correct[(answers.seeds == seed) & (answers.orderings == order)].mean() for order in orders]
                for seed in np.unique(answers.seeds)
            ]
        )
        _, question_of = np.unique(answers.asked, return_inverse=True)
        right = np.bincount(question_of, weights=answers.correct)
        found.append(
            OrderRow(
                row=row,
                orders=len(orders),
                lowest=float(accuracies.min(axis=1).mean()),
                highest=float(accuracies.max(axis=1).mean()),
                deviation=float(np.sqrt(accuracies.var(axis=1, ddof=1).mean())),
                changing=float(np.mean((right > 0) & (right < np.bincount(question_of)))),
            )
        )
    return found
