"""The choice that a model prefers, under one of four normalisations of the choices' log-likelihoods, or writes."""

import dataclasses
from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from gensweep.records import Question, Score
from gensweep.scoring import exact_match

Normalisation = Literal["sum", "token", "byte", "pmi"]
NORMALISATIONS: tuple[Normalisation, ...] = get_args(Normalisation)

NEAR_TIE = 1e-4
"""Gap between the best two choices (nats) below which rounding, not the model, may have picked the winner."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ScoreBlock:
    """The fields of ``Score`` for many questions with equally many choices, as arrays of shape (questions, choices)."""

    choice_logprobs: NDArray[np.float64]
    choice_tokens: NDArray[np.int64]
    choice_bytes: NDArray[np.int64]
    choice_unconditional_logprobs: NDArray[np.float64]


def normalised(score: Score | ScoreBlock, normalisation: Normalisation) -> NDArray[np.float64]:
    """One value per choice, the highest wins; shape (choices,), or (questions, choices) for a block.

    ``sum``: log p(choice | prompt) in nats, the paper's "most likely choice"; ``token`` and ``byte``: the same per
    token and per UTF-8 byte of the choice; ``pmi``: log p(choice | prompt) - log p(choice), the pointwise mutual
    information of Holtzman et al. 2021 (https://arxiv.org/abs/2104.08315).
    """
    values = np.asarray(score.choice_logprobs, dtype=np.float64)
    assert values.size and not np.isnan(values).any(), "a score needs one log-likelihood per choice, none of them NaN"
    if normalisation == "token":
        return values / np.asarray(score.choice_tokens)
    if normalisation == "byte":
        return values / np.asarray(score.choice_bytes)
    if normalisation == "pmi":
        return values - np.asarray(score.choice_unconditional_logprobs)
    return values


def predict(score: Score, normalisation: Normalisation = "sum") -> int:
    """Index of the winning choice; the first of equals (``is_near_tie`` tells of them)."""
    return int(np.argmax(normalised(score, normalisation)))


def predicted(question: Question, score: Score) -> int:
    """Index of the choice that the model gave: the likeliest, or the one that it wrote; -1 if it wrote something else.

    The choice is right if this is ``question.answer_index``.
    """
    if score.written is None:
        return predict(score)
    return question.answer_index if exact_match.matches(question, score.written) else -1


def predict_block(block: ScoreBlock, normalisation: Normalisation = "sum") -> NDArray[np.int64]:
    """``predict`` for every question of a block; shape (questions,)."""
    return np.argmax(normalised(block, normalisation), axis=-1)


def is_near_tie(score: Score | ScoreBlock, normalisation: Normalisation = "sum") -> NDArray[np.bool_]:
    """Whether the best two choices lie within ``NEAR_TIE`` of each other; shape (), or (questions,) for a block."""
    values = np.sort(normalised(score, normalisation), axis=-1)
    if values.shape[-1] < 2:
        return np.zeros(values.shape[:-1], dtype=np.bool_)
    return np.asarray(values[..., -1] - values[..., -2] < NEAR_TIE)


def split_accuracies(questions: Sequence[Question], scores: Sequence[Score]) -> dict[str, float]:
    """Share of right answers by split, splits in order of first question; a question may have several scores."""
    asked = {question.id: question for question in questions}
    right: dict[str, list[bool]] = {question.split: [] for question in questions}
    for score in scores:
        question = asked[score.question_id]
        right[question.split].append(predicted(question, score) == question.answer_index)
    return {split: sum(answers) / len(answers) for split, answers in right.items()}
