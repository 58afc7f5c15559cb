"""A dataset at a glance: sizes, lengths, samples of each split, and its hierarchy if it has one."""

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import TypeVar

from gensweep.datasets import hierarchy
from gensweep.datasets.text_index import words
from gensweep.datasets.tokens import token_count
from gensweep.records import Dataset, Question

_DOCUMENTS, _QUESTIONS = 3, 2
_MOST_SPLITS = 20
_MOST_LETTERS = 2000
T = TypeVar("T")


def show(dataset: Dataset, tokenizer: str = "") -> str:
    """The text that ``gensweep data show`` prints; lengths are in tokens of ``tokenizer``, without it in words.

    It is bounded: of long texts it has the beginning, of many splits and of a large hierarchy a part, and says so.

    Raises:
        UserError: ``tokenizer`` is not a model's folder or a ``tokenizer.json``.
    """
    return "\n\n".join("\n".join(part) for part in map(list, _parts(dataset, tokenizer)) if part)


def _parts(dataset: Dataset, tokenizer: str) -> Iterator[Iterator[str]]:
    yield _sizes(dataset, tokenizer)
    yield _documents(dataset)
    by_split: defaultdict[str, list[Question]] = defaultdict(list)
    for question in dataset.questions:
        by_split[question.split].append(question)
    for questions in list(by_split.values())[:_MOST_SPLITS]:
        yield _questions(questions)
    yield iter(filter(None, [hierarchy.as_text(hierarchy.roots(dataset))]))


def _sizes(dataset: Dataset, tokenizer: str) -> Iterator[str]:
    axioms = sum(not fact.premises for fact in dataset.facts)
    stated = {identifier for document in dataset.documents for identifier in document.fact_ids}
    yield dataset.name
    yield f"{len(dataset.facts)} facts: {axioms} given, {len(dataset.facts) - axioms} inferred; {len(stated)} stated"
    splits = Counter(question.split for question in dataset.questions)
    named = [f"{count} {split}" for split, count in list(splits.items())[:_MOST_SPLITS]]
    if len(splits) > _MOST_SPLITS:
        named.append(f"and {len(splits) - _MOST_SPLITS} more splits")
    questions = f"{len(dataset.questions)} questions{': ' if named else ''}{', '.join(named)}"
    yield f"{len(dataset.documents)} documents, {questions}"
    count, unit = token_count(tokenizer), "tokens"
    if count is None:
        count, unit = (lambda text: len(words(text))), "words"
    lengths = [count(document.text) for document in dataset.documents]
    if lengths:
        middle = statistics.median(lengths)
        yield f"{sum(lengths)} {unit}; a document has {min(lengths)} to {max(lengths)}, in the middle {middle:g}"
    yield dataset.instruction


def _documents(dataset: Dataset) -> Iterator[str]:
    for document in _spread(dataset.documents, _DOCUMENTS):
        yield f"[{document.id}]"
        yield _beginning(document.text)


def _questions(questions: Sequence[Question]) -> Iterator[str]:
    """Samples of one split, each with its right choice marked."""
    groups = len({question.group for question in questions})
    written = ", their answers to be written" if any(question.stop for question in questions) else ""
    yield f"{questions[0].split}: {len(questions)} questions in {groups} groups{written}"
    for question in _spread(questions, _QUESTIONS):
        yield f"  [{question.id}] {_beginning(question.prompt)}"
        for position, choice in enumerate(question.choices):
            yield f"  {'->' if position == question.answer_index else '  '}{_beginning(choice)}"


def _beginning(text: str) -> str:
    """``text`` as a whole, or the beginning of a long one."""
    more = len(text) - _MOST_LETTERS
    return f"{text[:_MOST_LETTERS]} … and {more} more characters" if more > 0 else text


def _spread(items: Sequence[T], count: int) -> list[T]:
    """``count`` of the items (or all) at equal distances."""
    return [items[len(items) * number // count] for number in range(count)] if len(items) > count else list(items)
