"""Guessers that know only the words of the documents: how far does shallow text statistics get on each split?

A split on which they leave the chance interval can be answered, or is misled, without the generalisation it asks for.
"""

import dataclasses
import math
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence

from gensweep.datasets.text_index import TextIndex, words
from gensweep.records import Dataset, Question

_BACK_OFF = 0.4
_MOST_QUESTIONS = 5000
_Z_95 = 1.959964


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Guess:
    """How often a guesser is right on a split, with the 95 % Wilson interval [``low``, ``high``]; all are fractions.

    The interval counts groups rather than questions, since questions of one group share their facts.
    """

    guesser: str
    split: str
    questions: int
    groups: int
    accuracy: float
    low: float
    high: float
    chance: float

    @property
    def verdict(self) -> str:
        """``above``, ``below`` or ``at`` chance."""
        return "above" if self.low > self.chance else "below" if self.high < self.chance else "at"


def wilson(accuracy: float, count: int) -> tuple[float, float]:
    """The 95 % interval of Wilson (1927) for a proportion ``accuracy`` among ``count`` trials."""
    centre = (accuracy + _Z_95**2 / (2 * count)) / (1 + _Z_95**2 / count)
    half = math.sqrt(accuracy * (1 - accuracy) / count + (_Z_95 / (2 * count)) ** 2) * _Z_95 / (1 + _Z_95**2 / count)
    return max(0.0, centre - half), min(1.0, centre + half)


def guesses(dataset: Dataset) -> tuple[Guess, ...]:
    """Every guesser on every split, in order of the splits' first questions. Equal scores share the point.

    Of a split with more than 5000 questions a fixed random sample of that size is asked; questions whose answer has to
    be written are not, since there is nothing to choose from.
    """
    by_split: defaultdict[str, list[Question]] = defaultdict(list)
    for question in dataset.questions:
        if not question.stop:
            by_split[question.split].append(question)
    asked = {split: _sample(items) for split, items in by_split.items()}
    texts = [document.text for document in dataset.documents]
    index = TextIndex(texts)
    ngrams = _NGrams(texts, [question for items in asked.values() for question in items])
    guessers: dict[str, Callable[[str, str], float]] = {
        "word frequency": lambda _, choice: _mean([math.log(index.count(word) + 0.5) for word in words(choice)]),
        "co-occurrence": lambda prompt, choice: _association(index, prompt, choice),
        "3-gram": ngrams.score,
    }
    return tuple(_guess(name, score, items) for items in asked.values() for name, score in guessers.items())


def _sample(questions: list[Question]) -> list[Question]:
    return random.Random(0).sample(questions, _MOST_QUESTIONS) if len(questions) > _MOST_QUESTIONS else questions


def _guess(name: str, score: Callable[[str, str], float], questions: Sequence[Question]) -> Guess:
    points = 0.0
    for question in questions:
        scores = [score(question.prompt, choice) for choice in question.choices]
        best = [position for position, value in enumerate(scores) if math.isclose(value, max(scores), abs_tol=1e-9)]
        points += (question.answer_index in best) / len(best)
    accuracy = points / len(questions)
    groups = len({question.group for question in questions})
    low, high = wilson(accuracy, groups)
    return Guess(
        guesser=name,
        split=questions[0].split,
        questions=len(questions),
        groups=groups,
        accuracy=accuracy,
        low=low,
        high=high,
        chance=_mean([1 / len(question.choices) for question in questions]),
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _association(index: TextIndex, prompt: str, choice: str) -> float:
    """Mean over the choice's words of the summed pointwise mutual information with the prompt's words (nats)."""
    known = [word for word in dict.fromkeys(words(prompt)) if index.count(word)]
    total = []
    for word in words(choice):
        seen = index.count(word)
        pairs = [
            (index.together(other, word) + 0.5) * len(index) / (index.count(other) * seen) for other in known if seen
        ]
        total.append(sum(math.log(ratio) for ratio in pairs))
    return _mean(total)


class _NGrams:
    """Trigrams with the back-off of Brants et al. (2007): an unseen n-gram costs a factor 0.4 and loses a word.

    Only what the questions may look up is counted.
    """

    def __init__(self, texts: Sequence[str], questions: Sequence[Question]) -> None:
        asked = {
            gram
            for question in questions
            for choice in question.choices
            for window in _windows(question.prompt, choice)
            for skipped in range(len(window))
            for gram in (window[skipped:], window[skipped:-1])
        }
        self._counts: Counter[tuple[str, ...]] = Counter()
        self._words = 0
        for text in texts:
            tokens = words(text)
            self._words += len(tokens)
            for size in (1, 2, 3):
                grams = zip(*(tokens[start:] for start in range(size)), strict=False)
                self._counts.update(gram for gram in grams if gram in asked)

    def score(self, prompt: str, choice: str) -> float:
        """Mean log score of the choice's words after the prompt."""
        return _mean([self._log_score(window) for window in _windows(prompt, choice)])

    def _log_score(self, ngram: tuple[str, ...]) -> float:
        for skipped in range(len(ngram)):
            rest = ngram[skipped:]
            if seen := self._counts[rest]:
                context = self._counts[rest[:-1]] if len(rest) > 1 else self._words
                return math.log(seen / context) + skipped * math.log(_BACK_OFF)
        return len(ngram) * math.log(_BACK_OFF) - math.log(self._words + 1)


def _windows(prompt: str, choice: str) -> Iterator[tuple[str, ...]]:
    """Each word of the choice with the two words before it."""
    before = words(prompt)
    tokens = before + words(choice)
    return (tuple(tokens[max(0, end - 2) : end + 1]) for end in range(len(before), len(tokens)))
