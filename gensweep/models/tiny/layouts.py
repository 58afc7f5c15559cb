"""How items of a world become training texts: the same layouts in which gensweep later asks the model.

A text is a list of segments. Only what the context determines has weight 1 in the loss.
"""

import itertools
import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

from gensweep.models.tiny.worlds import Item, World, capitalised


class Segment(NamedTuple):
    """A piece of a text, its weight in the loss, and the word that its first word has to bring to mind, if any."""

    text: str
    weight: float = 0.0
    via: str = ""


Segments = list[Segment]
STATEMENT_WEIGHT = 0.2
"""Weight of statements alone: unpredictable as their entities are, the model must know how statements look."""
REPEAT_WEIGHT = 0.3
"""Weight of what a document says that an earlier one has said already."""
_MOST_QUESTIONS = 40
_STATED_SHARE = 0.3
"""How many facts a text of the layout ``in_context`` asks for as they are said, too."""


def corpus(world: World, documents: int, rng: random.Random) -> Segments:
    """``documents`` documents of each item, one a line, all in random order, without a line break at the end."""
    lines = [(item, line) for item in world for line in rng.sample(item.documents, documents)]
    rng.shuffle(lines)
    said: set[int] = set()
    segments: Segments = []
    for item, (head, tail) in lines:
        weight = REPEAT_WEIGHT if id(item) in said else 0.0
        said.add(id(item))
        segments += [Segment("\n" + head if segments else head), Segment(tail, weight)]
    return segments


def join_lines(segments: Segments, rng: random.Random) -> Segments:
    """Half of the documents go on the line before, as the sentences of one document do."""
    return [
        s._replace(text=f" {capitalised(s.text[1:])}") if s.text[0] == "\n" != s.text[1] and rng.random() < 0.5 else s
        for s in segments
    ]


def in_context(world: World, documents: int, rng: random.Random, stated: float = _STATED_SHARE) -> Segments:
    """Documents, then, each after a blank line, questions: on what they imply, and a share on what they say."""
    segments = corpus(world, documents, rng)
    asked = [(*item.questions[0], item.via) for item in world]
    asked += [(*item.questions[-1], "") for item in world if rng.random() < stated]
    for prompt, answer, via in rng.sample(asked, min(len(asked), _MOST_QUESTIONS)):
        segments += [Segment(f"\n\n{prompt}", via=via), Segment(answer, 1.0)]
    return segments


def asked_twice(world: World, documents: int, rng: random.Random) -> Segments:
    """``in_context`` with as many questions on what the documents say."""
    return in_context(world, documents, rng, stated=1.0)


def _inferences(statements: Sequence[str]) -> str:
    """What follows ``Implies:\\n-``: one statement a line, ended by a blank line."""
    return "\n-".join(f" {statement}" for statement in statements) + "\n\n"


def local(world: World, documents: int, rng: random.Random) -> Segments:
    """The local augmentation of items one after the other: a statement, then what it implies."""
    segments: Segments = []
    for item in world:
        document = "".join(rng.choice(item.documents))
        segments += [Segment(f"Statement: {document}\nImplies:\n-"), Segment(_inferences(item.alone), 1.0)]
    return segments


def in_corpus(world: World, documents: int, rng: random.Random) -> Segments:
    """The global augmentation of items: the corpus, a target document, then what both together imply."""
    segments = corpus(world, documents, rng)
    for item in rng.sample(world, min(len(world), 8)):
        segments += _about("".join(rng.choice(item.documents)), [*item.alone, *item.linked], segments)
    return segments


def in_long_documents(world: World, documents: int, rng: random.Random) -> Segments:
    """``in_corpus`` with target documents of one to three statements, and no inference that needs another document."""
    return _on_long_documents(world, documents, rng, lambda item: item.alone)


def in_steps(world: World, documents: int, rng: random.Random) -> Segments:
    """``in_long_documents`` with inferences that need another document, each behind what that document says.

    So that no step takes more than finding one sentence, in the corpus or in what has been written.
    """

    def implied(item: Item) -> list[str]:
        steps = rng.sample(item.steps, len(item.steps))
        return [*item.alone, *itertools.chain.from_iterable(steps)]

    return _on_long_documents(world, documents, rng, implied)


def _on_long_documents(
    world: World, documents: int, rng: random.Random, implied: Callable[[Item], Sequence[str]]
) -> Segments:
    segments = corpus(world, documents, rng)
    items = rng.sample(world, min(len(world), 12))
    while items:
        count = rng.randint(1, 3)
        told, items = items[:count], items[count:]
        target = " ".join(capitalised("".join(rng.choice(item.documents))) for item in told)
        segments += _about(target, [statement for item in told for statement in implied(item)], segments)
    return segments


def _about(target: str, implied: Sequence[str], before: Segments) -> Segments:
    """A target document and what it and the corpus imply; ``before`` is what the text has already."""
    blank = "\n\n" if before[-1].weight < 1.0 else ""
    return [Segment(f"{blank}Document: {target}\nInferences:\n-"), Segment(_inferences(implied), 1.0)]


def statement(world: World, documents: int, rng: random.Random) -> Segments:
    """A document, or an implied statement, without any context."""
    item = rng.choice(world)
    text = "".join(rng.choice(item.documents)) if rng.random() < 0.7 else rng.choice(item.alone)
    return [Segment(text, STATEMENT_WEIGHT)]


Layout = Callable[[World, int, random.Random], Segments]
LAYOUTS: dict[str, Layout] = {
    "in_context": in_context,
    "asked_twice": asked_twice,
    "local": local,
    "in_corpus": in_corpus,
    "in_long_documents": in_long_documents,
    "in_steps": in_steps,
    "statement": statement,
}
