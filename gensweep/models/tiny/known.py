"""Worlds that stay the same: what the model knows by heart, in any wording, each fact in one direction only.

The other worlds exist for one text. A model that has met nothing else has no practice in recalling: what fine-tuning
taught it as "A femp can glon." it completed in 85 % of the cases behind "Every femp can", where the word stands in the
same place, but in 31 % behind "If something is a femp, then it can".
"""

import functools
import itertools
import random
from collections.abc import Callable

from gensweep.datasets.inflection import doubles
from gensweep.datasets.logic import Form, valid_forms
from gensweep.datasets.ontology import KIND_OF
from gensweep.models.tiny.categories import WORDS_PER_CATEGORY, Triple, category, ontology, syllogism, tree
from gensweep.models.tiny.layouts import Segments
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

_IN_TREE, _IN_SYLLOGISMS, _IN_PEOPLE = 150, 90, 80
_IN_ONTOLOGY, _IN_MORE_SYLLOGISMS = 250, 210
WORDS = {"small": _IN_TREE + _IN_SYLLOGISMS + _IN_PEOPLE, "large": _IN_ONTOLOGY + _IN_MORE_SYLLOGISMS + _IN_PEOPLE}
"""How many made-up words each of the two known worlds takes."""
_MOST_LINES = 24
Telling = Callable[[random.Random], Line]
"""A fact in any of its wordings, in two parts: the second is what has to be known."""


def small(words: Words) -> tuple[Telling, ...]:
    """Facts on ``WORDS["small"]`` words; a category has one property of its own."""
    rng = random.Random(0)
    named = words[:_IN_TREE]
    parent, own = tree(named, sum(not doubles(word) for word in named) // 3, rng)
    facts = [*own.values(), *((kind, KIND_OF, up) for kind, up in parent.items())]
    tellings: list[Telling] = [functools.partial(_of_category, fact) for fact in facts]
    tellings += _syllogisms(words[_IN_TREE:-_IN_PEOPLE], _of_syllogism, rng)
    return (*tellings, *_people(words[-_IN_PEOPLE:], rng))


def large(words: Words) -> tuple[Telling, ...]:
    """Facts on ``WORDS["large"]`` words; a category has several properties, and syllogisms come in parts, too."""
    rng = random.Random(1)
    named = words[:_IN_ONTOLOGY]
    size = sum(not doubles(word) for word in named) // WORDS_PER_CATEGORY - 1
    parent, own = ontology(named, size, rng)
    facts = [*itertools.chain.from_iterable(own.values()), *((kind, KIND_OF, up) for kind, up in parent.items())]
    tellings: list[Telling] = [functools.partial(_of_category, fact) for fact in facts]
    tellings += _syllogisms(words[_IN_ONTOLOGY:-_IN_PEOPLE], _of_premise, rng)
    return (*tellings, *_people(words[-_IN_PEOPLE:], rng))


@functools.cache
def world(size: str, words: Words) -> tuple[Telling, ...]:
    """The facts of the ``small`` or the ``large`` known world."""
    assert len(words) == WORDS[size]
    return {"small": small, "large": large}[size](words)


def _syllogisms(
    terms: Words, of_syllogism: Callable[[Form, Words, random.Random], Line], rng: random.Random
) -> list[Telling]:
    forms = [rng.choice(valid_forms()) for _ in range(0, len(terms), 3)]
    return [functools.partial(of_syllogism, form, terms[3 * i : 3 * i + 3]) for i, form in enumerate(forms)]


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
        segments += [(f"{between}{head}" if segments else head, 0.0), (tail, 1.0)]
    return segments
