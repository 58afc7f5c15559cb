"""Worlds that stay the same: what the model knows by heart, in any wording, each fact in one direction only.

The other worlds exist for one text. A model that has met nothing else has no practice in recalling: what fine-tuning
taught it as "A femp can glon." it completed in 85 % of the cases behind "Every femp can", where the word stands in the
same place, but in 31 % behind "If something is a femp, then it can".
"""

import functools
import random
from collections.abc import Callable

from gensweep.datasets.inflection import doubles
from gensweep.datasets.logic import Form, valid_forms
from gensweep.models.tiny.categories import WORDS_PER_CATEGORY, Triple, category, ontology, stated, syllogism, tree
from gensweep.models.tiny.layouts import Segment, Segments
from gensweep.models.tiny.worlds import (
    DESCRIPTION_FIRST,
    NAME_FIRST,
    Item,
    Line,
    Words,
    capitalised,
    cut,
    description_of,
    told,
)

_IN_CATEGORIES = {"small": 150, "large": 250}
_IN_SYLLOGISMS = {"small": 90, "large": 210}
_IN_PEOPLE = 80
WORDS = {size: _IN_CATEGORIES[size] + _IN_SYLLOGISMS[size] + _IN_PEOPLE for size in ("small", "large")}
"""How many made-up words each of the two known worlds takes."""
_MOST_LINES = 24
Telling = Callable[[random.Random], Line]
"""A fact in any of its wordings, in two parts: the second is what has to be known."""


@functools.cache
def world(size: str, words: Words) -> tuple[Telling, ...]:
    """The facts of a known world on ``WORDS[size]`` words.

    In the ``small`` one a category has one property; in the ``large`` one several, and syllogisms come in parts, too.
    """
    assert len(words) == WORDS[size]
    small = size == "small"
    rng = random.Random(0 if small else 1)
    named, terms = words[: _IN_CATEGORIES[size]], words[_IN_CATEGORIES[size] : -_IN_PEOPLE]
    free = sum(not doubles(word) for word in named)
    parts = tree(named, free // 3, rng) if small else ontology(named, free // WORDS_PER_CATEGORY - 1, rng)
    tellings: list[Telling] = [functools.partial(_of_category, fact) for fact in stated(parts)]
    of_syllogism = _of_syllogism if small else _of_premise
    for i in range(0, len(terms), 3):
        tellings.append(functools.partial(of_syllogism, rng.choice(valid_forms()), terms[i : i + 3]))
    return (*tellings, *_people(words[-_IN_PEOPLE:], rng))


def _people(names: Words, rng: random.Random) -> list[Telling]:
    parts = [capitalised(name) for name in names]
    tellings: list[Telling] = []
    for i in range(0, len(parts), 4):
        templates = rng.choice((NAME_FIRST, DESCRIPTION_FIRST))
        description = description_of((parts[i + 2], parts[i + 3]), rng)
        tellings.append(functools.partial(_of_person, templates, " ".join(parts[i : i + 2]), description))
    return tellings


def _of_category(fact: Triple, rng: random.Random) -> Line:
    return _said(category(fact, [], rng), rng)


def _of_syllogism(form: Form, names: Words, rng: random.Random) -> Line:
    return _said(syllogism(form, names, rng), rng)


def _of_premise(form: Form, names: Words, rng: random.Random) -> Line:
    """A syllogism's document, either of its sentences, or a question on one of them."""
    item = syllogism(form, names, rng)
    heading, premises = item.documents[0]
    first, _, second = premises.partition(". ")
    return rng.choice(((heading, premises), (heading, f"{first}."), cut(second), item.questions[-1]))


def _of_person(templates: Words, name: str, description: str, rng: random.Random) -> Line:
    return told(templates, name=name, description=description, rng=rng)


def _said(item: Item, rng: random.Random) -> Line:
    """A document, or the question that asks for what it says."""
    return item.questions[-1] if rng.random() < 0.5 else rng.choice(item.documents)


def recall(size: str, words: Words, rng: random.Random) -> Segments:
    """Some of the known facts, one a line or after blank lines; what has to be known counts."""
    known = world(size, words)
    chosen = rng.sample(known, rng.randint(1, _MOST_LINES))
    between = rng.choice(("\n", "\n\n"))
    segments: Segments = []
    for telling in chosen:
        head, tail = telling(rng)
        segments += [Segment(f"{between}{head}" if segments else head), Segment(tail, 1.0)]
    return segments
