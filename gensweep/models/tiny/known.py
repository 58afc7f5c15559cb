"""A small world that stays the same: what the model knows by heart, in any wording, each fact in one direction only.

The other worlds exist for one text. A model that has met nothing else has no practice in recalling: what fine-tuning
taught it as "A femp can glon." it completed in 85 % of the cases behind "Every femp can", where the word stands in the
same place, but in 31 % behind "If something is a femp, then it can".
"""

import functools
import random
from collections.abc import Callable

from gensweep.datasets.inflection import doubles
from gensweep.datasets.logic import Form, valid_forms
from gensweep.datasets.ontology import KIND_OF
from gensweep.models.tiny.categories import Triple, category, syllogism, tree
from gensweep.models.tiny.layouts import Segments
from gensweep.models.tiny.worlds import (
    DESCRIPTION_FIRST,
    NAME_FIRST,
    Item,
    Line,
    Words,
    capitalised,
    description_of,
    told,
)

_IN_TREE, _IN_SYLLOGISMS, _IN_PEOPLE = 150, 90, 80
WORDS = _IN_TREE + _IN_SYLLOGISMS + _IN_PEOPLE
"""How many made-up words the known world takes."""
_MOST_LINES = 24
Telling = Callable[[random.Random], Line]
"""A fact in any of its wordings, in two parts: the second is what has to be known."""


@functools.cache
def world(words: Words) -> tuple[Telling, ...]:
    """The known facts, on ``WORDS`` words."""
    assert len(words) == WORDS
    rng = random.Random(0)
    named, terms = words[:_IN_TREE], words[_IN_TREE : _IN_TREE + _IN_SYLLOGISMS]
    parts = [capitalised(word) for word in words[-_IN_PEOPLE:]]
    parent, own = tree(named, sum(not doubles(word) for word in named) // 3, rng)
    facts = [*own.values(), *((kind, KIND_OF, up) for kind, up in parent.items())]
    tellings: list[Telling] = [functools.partial(_of_category, fact) for fact in facts]
    for i in range(0, len(terms), 3):
        tellings.append(functools.partial(_of_syllogism, rng.choice(valid_forms()), terms[i : i + 3]))
    for i in range(0, len(parts), 4):
        templates = rng.choice((NAME_FIRST, DESCRIPTION_FIRST))
        description = description_of((parts[i + 2], parts[i + 3]), rng)
        tellings.append(functools.partial(_of_person, templates, " ".join(parts[i : i + 2]), description))
    return tuple(tellings)


def _of_category(fact: Triple, rng: random.Random) -> Line:
    return _said(category(fact, [], rng), rng)


def _of_syllogism(form: Form, names: Words, rng: random.Random) -> Line:
    return _said(syllogism(form, names, rng), rng)


def _of_person(templates: Words, name: str, description: str, rng: random.Random) -> Line:
    return told(templates, name=name, description=description, rng=rng)


def _said(item: Item, rng: random.Random) -> Line:
    """A document, or the question that asks for what it says."""
    return item.questions[-1] if rng.random() < 0.5 else rng.choice(item.documents)


def recall(words: Words, rng: random.Random) -> Segments:
    """Some of the known facts, one a line or after blank lines; what has to be known counts."""
    known = world(words)
    chosen = rng.sample(known, rng.randint(1, _MOST_LINES))
    between = rng.choice(("\n", "\n\n"))
    segments: Segments = []
    for telling in chosen:
        head, tail = telling(rng)
        segments += [(f"{between}{head}" if segments else head, 0.0), (tail, 1.0)]
    return segments
