"""Accuracies and their differences with 95 % intervals that respect how the questions were drawn.

Questions about one task subset (``group``) succeed and fail together, and so do the answers of one training run
(``seed``). Counting every answer as independent would make the error bars too short, so the variance of a mean is
estimated over clusters of answers, and the interval is the one for as many independent answers as would give that
variance (the *effective* number). With one seed the interval covers the choice of questions, not of training runs.
"""

import dataclasses

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

LEVEL = 0.95
FEWEST_CLUSTERS = 5
"""With fewer groups the variance between them cannot be estimated; the questions themselves are then the clusters."""

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """A mean with its 95 % interval. ``answers`` entered it, worth ``effective`` independent ones."""

    value: float
    low: float
    high: float
    answers: int
    effective: float


def chance(choice_counts: ArrayLike) -> float:
    """Expected accuracy of guessing: the mean of 1 / number of choices over the questions.

    An answer that has to be written (no choices) is not guessed: 0.
    """
    counts = np.asarray(choice_counts, dtype=np.float64)
    return float(np.mean(np.divide(1.0, counts, out=np.zeros_like(counts), where=counts > 0)))


def clusters(seeds: ArrayLike, groups: ArrayLike, questions: ArrayLike) -> Integers:
    """The cluster of each answer, as an index; shape (answers,).

    A cluster is a (seed, group) pair where every seed builds its own questions. Where seeds ask the same questions it
    is the group alone: a model that never trains answers alike under every seed, and repeating an answer adds nothing.
    With fewer than ``FEWEST_CLUSTERS`` clusters it is the question; ``questions`` identifies one by its content.
    """
    question_of = number(questions)
    repeated = number(question_of, seeds).max() > question_of.max()
    labels = number(groups) if repeated else number(seeds, groups)
    return labels if labels.max() + 1 >= FEWEST_CLUSTERS else question_of


def accuracy(correct: ArrayLike, cluster_of: Integers, seeds: ArrayLike) -> Estimate:
    """Share of right answers with the Wilson interval at the effective number of answers.

    Wilson (1927), https://doi.org/10.1080/01621459.1927.10502953, with Student's t in place of the normal quantile; the
    effective sample size follows Korn & Graubard (1998), Survey Methodology 24, 193-201. Unlike mean ± 1.96 standard
    errors it stays within [0, 1] and keeps a width when every answer is right.
    """
    values = np.asarray(correct, dtype=np.float64)
    effective, quantile = _effective(values, cluster_of, seeds)
    p, z2 = float(values.mean()), quantile**2 / effective
    centre = (p + z2 / 2) / (1 + z2)
    half = float(np.sqrt(z2 * (p * (1 - p) + z2 / 4))) / (1 + z2)
    # Rounding must not push a bound past the estimate where p is 0 or 1.
    low, high = max(0.0, min(p, centre - half)), min(1.0, max(p, centre + half))
    return Estimate(value=p, low=low, high=high, answers=values.size, effective=effective)


def difference(first: ArrayLike, second: ArrayLike, cluster_of: Integers, seeds: ArrayLike) -> Estimate:
    """Accuracy of ``first`` minus that of ``second`` on the same questions, pair by pair.

    Pairing removes the variance of question difficulty (Miller 2024, https://arxiv.org/abs/2411.00640). The interval is
    that of Agresti & Min (2005), https://doi.org/10.1002/sim.1781 (two pseudo-pairs, half of one in each of the four
    cells), at the effective number of pairs: it keeps a width where the two never differ, or always do.
    """
    gaps = np.asarray(first, dtype=np.float64) - np.asarray(second, dtype=np.float64)
    effective, quantile = _effective(gaps, cluster_of, seeds)
    centre = effective * gaps.mean() / (effective + 2)
    discordant = (effective * np.mean(gaps**2) + 1) / (effective + 2)
    half = quantile * np.sqrt((discordant - centre**2) / (effective + 2))
    value = float(gaps.mean())
    low, high = max(-1.0, min(value, float(centre - half))), min(1.0, max(value, float(centre + half)))
    return Estimate(value=value, low=low, high=high, answers=gaps.size, effective=effective)


def _effective(values: Floats, cluster_of: Integers, seeds: ArrayLike) -> tuple[float, float]:
    """Number of independent values with the same variance of the mean, and the t quantile of the interval.

    The variance is that of two-way clustering over clusters and seeds (Cameron, Gelbach & Miller 2011,
    https://doi.org/10.1198/jbes.2010.07136): clusters + seeds - their intersection; the seeds' part is not let below
    zero, as three seeds that agree by luck must not shorten the bar. Degrees of freedom: Welch-Satterthwaite.
    """
    residuals = values - values.mean()
    seed_of = number(seeds)
    count, seed_count = int(cluster_of.max()) + 1, int(seed_of.max()) + 1
    between = _cluster_variance(residuals, cluster_of)
    runs = max(
        0.0,
        _cluster_variance(residuals, seed_of) - _cluster_variance(residuals, number(cluster_of, seed_of)),
    )
    variance = between + runs
    freedom = float(max(count - 1, 1))
    if runs > 0:
        freedom = variance**2 / (between**2 / freedom + runs**2 / (seed_count - 1))
    spread = float(values.var())
    if spread == 0:
        effective = float(count)
    else:
        effective = float(values.size) if variance == 0 else min(float(values.size), spread / variance)
    return effective, float(stats.t.ppf((1 + LEVEL) / 2, freedom))


def _cluster_variance(residuals: Floats, cluster_of: Integers) -> float:
    """Variance of the mean over C clusters: C / (C - 1) * sum over clusters of (sum of residuals)^2 / n^2; 0 for C = 1.

    Miller 2024 (https://arxiv.org/abs/2411.00640) with the usual small-sample factor C / (C - 1).
    """
    sums = np.bincount(cluster_of, weights=residuals)
    if sums.size < 2:
        return 0.0
    return float(sums.size / (sums.size - 1) * np.sum(sums**2) / residuals.size**2)


def number(*columns: ArrayLike) -> Integers:
    """Numbers 0, 1, … for the distinct rows of some columns; shape (rows,), equal rows have equal numbers."""
    numbers = np.zeros(len(np.asarray(columns[0])), dtype=np.int64)
    for column in columns:
        _, codes = np.unique(np.asarray(column), return_inverse=True)
        _, numbers = np.unique(numbers * (codes.max(initial=0) + 1) + codes, return_inverse=True)
    return numbers
