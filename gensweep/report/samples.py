"""A few questions per split, each with the probability that every arm gives to every choice, or with what it wrote."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gensweep.report.arms import Arm
from gensweep.report.study import Answers, Study


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ArmAnswer:
    """``shares`` of the probability that the choices have together, one per choice; ``predicted`` is the highest.

    Where the answer was ``written``, there are no shares, and ``predicted`` is the right answer or -1.
    """

    arm: Arm
    shares: tuple[float, ...]
    predicted: int
    written: str | None


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """A question with each arm's answer to it; ``why`` says how it was chosen."""

    split: str
    seed: int
    why: str
    prompt: str
    choices: tuple[str, ...]
    answer_index: int
    answers: tuple[ArmAnswer, ...]


def samples(study: Study, arms: Sequence[Arm]) -> list[Sample]:
    """Per split the question that divides the arms most, and one drawn at random (seed 0), so that not all are odd."""
    chosen = []
    for split in dict.fromkeys(split for arm, split in study.answers if arm in arms):
        cells = {arm: study.answers[arm, split] for arm in arms if (arm, split) in study.answers}
        asked, question_of = np.unique(np.concatenate([cell.asked for cell in cells.values()]), return_inverse=True)
        right = np.bincount(question_of, weights=np.concatenate([cell.correct for cell in cells.values()]))
        share = right / np.bincount(question_of)
        disputed = int(np.argmax(share * (1 - share)))
        chosen.append(_sample(study, split, cells, asked[disputed], "divides the conditions most"))
        others = np.delete(asked, disputed)
        if others.size:
            drawn = np.random.default_rng(0).choice(others)
            chosen.append(_sample(study, split, cells, drawn, "drawn at random"))
    return chosen


def _sample(study: Study, split: str, cells: dict[Arm, Answers], question: np.int64, why: str) -> Sample:
    rows = {arm: cell.rows[cell.asked == question] for arm, cell in cells.items()}
    records = {arm: study.results.slice(found[0], 1).to_pylist()[0] for arm, found in rows.items() if found.size}
    first = next(iter(records.values()))
    return Sample(
        split=split,
        seed=first["seed"],
        why=why,
        prompt=first["prompt"],
        choices=tuple(first["choices"]),
        answer_index=first["answer_index"],
        answers=tuple(
            ArmAnswer(
                arm=arm,
                shares=tuple(_softmax(np.asarray(record["choice_logprobs"])).tolist()),
                predicted=record["predicted_index"],
                written=record["written"],
            )
            for arm, record in records.items()
        ),
    )


def _softmax(logprobs: NDArray[np.float64]) -> NDArray[np.float64]:
    weights = np.exp(logprobs - logprobs.max(initial=-np.inf))
    return weights / weights.sum()
