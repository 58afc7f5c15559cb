"""Worlds with the structure of everyday categories and nonsense words for everything in them.

``ontology.yaml`` has real categories with their hierarchy, properties and relations. A world takes as many of them
as it is asked for, or several copies of all of them, and gives each category, adjective, verb and part a word of its
own.
"""

import dataclasses
import functools
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from gensweep.datasets import lexicon
from gensweep.datasets.inflection import doubles
from gensweep.datasets.tokens import TokenCount

_FILE = Path(__file__).with_name("ontology.yaml")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, where PyYAML was built with it
KIND_OF, ARE, CAN, HAVE = "is a kind of", "are", "can", "have"
"""Relations that every world has; its other relations are verbs."""
_KIND_OF_KEY = "kind_of"
_PROPERTY_KEYS = (ARE, CAN, HAVE)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Category:
    """``relations`` are pairs (relation, value) that are stated of the category itself; a root has the parent ``""``.

    The relation is ``are``, ``can`` or ``have`` with a property, or a verb with the name of another category.
    """

    name: str
    parent: str
    relations: tuple[tuple[str, str], ...]


@functools.cache
def real_categories() -> tuple[Category, ...]:
    """The categories of ``ontology.yaml``, parents before their kinds."""
    entries = yaml.load(_FILE.read_text(encoding="utf-8"), Loader=_LOADER)
    return tuple(
        Category(
            name=name,
            parent=entry.get(_KIND_OF_KEY, ""),
            relations=tuple((key, value) for key, values in entry.items() if key != _KIND_OF_KEY for value in values),
        )
        for name, entry in entries.items()
    )


def make(count: int, rng: random.Random, tokens: TokenCount | None = None) -> list[Category]:
    """A world of ``count`` categories in nonsense words, parents before their kinds.

    Up to the size of the file it is a random part of it: leaves with all that is above them. A larger world is several
    such worlds side by side, which share the relational verbs alone. With ``tokens`` all words have equally many.

    Raises:
        UserError: the lexicon has too few words of one number of tokens.
    """
    whole = len(real_categories())
    sizes = [whole] * (count // whole) + [count % whole] * (count % whole > 0)
    parts = [_part(size, rng) for size in sizes]
    return _in_nonsense(parts, rng, tokens)


def _part(count: int, rng: random.Random) -> list[Category]:
    """``count`` categories with all their ancestors, without relations to categories that are not among them."""
    known = {category.name: category for category in real_categories()}
    inner = {category.parent for category in known.values()}
    order = sorted(rng.sample(list(known), len(known)), key=inner.__contains__)
    chosen: set[str] = set()
    while len(chosen) < count:
        for name in order:
            path = [ancestor for ancestor in _path(name, known) if ancestor not in chosen]
            if len(chosen) + len(path) <= count:
                chosen.update(path)
    return [_without(known[name], known.keys() - chosen) for name in known if name in chosen]


def _path(name: str, known: Mapping[str, Category]) -> list[str]:
    path = []
    while name:
        path.append(name)
        name = known[name].parent
    return path


def _without(category: Category, absent: set[str]) -> Category:
    kept = [pair for pair in category.relations if pair[0] in _PROPERTY_KEYS or pair[1] not in absent]
    return dataclasses.replace(category, relations=tuple(kept))


Concept = tuple[int, str, str]
"""A meaning that gets a word: number of the part, relation that it is a value of (``""``: a category), real word."""


def _in_nonsense(parts: Sequence[Sequence[Category]], rng: random.Random, tokens: TokenCount | None) -> list[Category]:
    concepts: dict[Concept, None] = {}
    for number, part in enumerate(parts):
        for category in part:
            concepts[number, "", category.name] = None
            concepts |= dict.fromkeys(_concept(number, *pair) for pair in category.relations)
            concepts |= dict.fromkeys(_verb(relation) for relation, _ in category.relations)
    words = _words(list(concepts), rng, tokens)
    return [
        Category(
            name=words[number, "", category.name],
            parent=words[number, "", category.parent] if category.parent else "",
            relations=tuple(
                (
                    relation if relation in _PROPERTY_KEYS else words[_verb(relation)],
                    words[_concept(number, relation, value)],
                )
                for relation, value in category.relations
            ),
        )
        for number, part in enumerate(parts)
        for category in part
    ]


def _concept(number: int, relation: str, value: str) -> Concept:
    return (number, relation if relation in _PROPERTY_KEYS else "", value)


def _verb(relation: str) -> Concept:
    return (-1, CAN, relation)


def _words(concepts: Sequence[Concept], rng: random.Random, tokens: TokenCount | None) -> dict[Concept, str]:
    """A word for each concept; verbs get words that are inflected without a change of spelling."""
    verbs = [concept for concept in concepts if concept[1] == CAN]
    others = [concept for concept in concepts if concept[1] != CAN]
    drawn = _draw(len(concepts), rng, tokens)
    while len(plain := [word for word in drawn if not doubles(word)]) < len(verbs):  # in the smallest worlds
        drawn = _draw(2 * len(drawn), rng, tokens)
    words = dict(zip(verbs, plain, strict=False))
    rest = sorted(set(drawn) - set(words.values()))
    rng.shuffle(rest)
    return words | dict(zip(others, rest, strict=False))


def _draw(count: int, rng: random.Random, tokens: TokenCount | None) -> list[str]:
    """Words of the lexicon, or compounds of two of them where it has too few and their tokens do not matter."""
    words = lexicon.benchmark_words()
    if tokens or count <= len(words):
        return lexicon.draw(count, rng, tokens, field="categories")
    pairs = (divmod(number, len(words)) for number in rng.sample(range(len(words) ** 2), count))
    return [f"{words[first]}-{words[second]}" for first, second in pairs]
