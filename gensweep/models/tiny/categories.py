"""Random worlds of categories: syllogisms, each in one document, and hierarchies told in many short documents."""

import dataclasses
import itertools
import random
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence

from gensweep.datasets.inflection import doubles
from gensweep.datasets.logic import QUANTIFIERS, Form, Statement, heading, text_of, valid_forms
from gensweep.datasets.ontology import ARE, CAN, HAVE, KIND_OF
from gensweep.datasets.semantic_wording import REPHRASED, STYLES, canonical, converse_of, fields, template_key
from gensweep.models.tiny.worlds import MOST_DOCUMENTS, Item, Line, Words, World, capitalised, cut, line

Triple = tuple[str, str, str]
"""Subject, relation, object."""
_SUBJECT_FIRST = ("plural", "plural", "singular", "formal", "observed")
"""Styles of documents, the first one twice as often."""
_TWO_WAY = (*_SUBJECT_FIRST, "converse")


def syllogisms(words: Words, count: int, rng: random.Random) -> World:
    """``count`` syllogisms with three categories of their own."""
    names = rng.sample(words, 3 * count)
    return [syllogism(rng.choice(valid_forms()), names[i : i + 3], rng) for i in range(0, len(names), 3)]


def syllogism(form: Form, names: Sequence[str], rng: random.Random) -> Item:
    """A form with three ``names``; the last question asks for one of the premises."""
    major, minor, valid = form
    of_names = dict(zip("smp", names, strict=True))
    one, two, conclusion = ((q, of_names[s], of_names[p]) for q, s, p in (major, minor, rng.choice(valid)))
    all_three = heading(rng.sample(sorted(names), 3))
    end = f" {text_of(conclusion)}"
    asked = [(heading(pair), end) for pair in _both_orders(conclusion, rng)]
    stated = rng.choice((one, two))
    return Item(
        documents=((all_three, f" {text_of(one)} {text_of(two)}"),) * MOST_DOCUMENTS,
        questions=(asked[0], (heading(_both_orders(stated, rng)[0]), f" {text_of(stated)}")),
        alone=tuple("".join(question) for question in asked),
    )


def _both_orders(statement: Statement, rng: random.Random) -> list[tuple[str, str]]:
    return rng.sample([(statement[1], statement[2]), (statement[2], statement[1])], 2)


def premises(words: Words, count: int, rng: random.Random) -> World:
    """``count`` single quantified statements and what follows from each by conversion."""
    names = rng.sample(words, 3 * count)
    return [_premise(rng.choice(QUANTIFIERS), names[i : i + 3], rng) for i in range(0, len(names), 3)]


def _premise(quantifier: str, names: list[str], rng: random.Random) -> Item:
    subject, predicate, _ = names
    said = text_of((quantifier, subject, predicate))
    converse = text_of(("No" if quantifier == "No" else "Some", predicate, subject))
    start, end = cut(said)
    lines: tuple[Line, ...] = (
        (heading(rng.sample(names, 3)), f" {said}"),
        (heading(rng.sample([subject, predicate], 2)), f" {said}"),
        (start, end),
        line(start[0].lower() + start[1:], end, rng, bare=0.0),
    )
    question = (heading(rng.sample([subject, predicate], 2)), f" {said}")
    return Item(documents=(rng.choice(lines),) * MOST_DOCUMENTS, questions=(question,), alone=(said, converse))


def hierarchies(words: Words, count: int, rng: random.Random) -> World:
    """About ``count`` facts on a random tree of categories, each with a property that its descendants inherit."""
    return _told(tree(words, max(2, -(-count // 2)), rng), rng, _all_inherited)


def ontologies(words: Words, count: int, rng: random.Random) -> World:
    """About ``count`` facts on a tree of categories that have several properties each, as everyday categories do.

    Which of them is asked for is told by the relation; what is inherited may stand beside an own one of the same.
    """
    return _told(_ontology_of(words, count, rng), rng, _some_inherited)


def two_way_ontologies(words: Words, count: int, rng: random.Random) -> World:
    """``ontologies``, of which now and then a document names a fact's object first."""
    return _told(_ontology_of(words, count, rng), rng, _some_inherited, _TWO_WAY)


def families(words: Words, count: int, rng: random.Random) -> World:
    """About ``count`` facts on categories of which each has a kind or two, and questions on what these inherit.

    Few relations serve them all, so that it takes the category in between to tell what is inherited.
    """
    return _asked_through_parents(_families(words, max(1, round(count / 4)), rng), rng, _SUBJECT_FIRST)


def lineages(words: Words, count: int, rng: random.Random) -> World:
    """``two_way_ontologies`` of several trees, with questions on what a category inherits from its parent.

    Most parents have a parent, too: what one is a kind of has to be told from what is a kind of it.
    """
    parent, own = _ontology_of(words, count, rng)
    parent = {kind: up for kind, up in parent.items() if rng.random() >= _ROOTS}
    return _asked_through_parents((parent, own), rng, _TWO_WAY)


_ROOTS = 0.2
"""Share of the categories, beside the first, that have no parent."""


Tree = tuple[dict[str, str], dict[str, list[Triple]]]
"""The parent of each category but the first, and the properties of each."""


def stated(parts: Tree) -> list[Triple]:
    """The properties, then who is a kind of whom."""
    parent, own = parts
    return [*itertools.chain.from_iterable(own.values()), *((kind, KIND_OF, up) for kind, up in parent.items())]


def tree(words: Words, size: int, rng: random.Random) -> Tree:
    """``size`` categories with a property each."""
    names = rng.sample([word for word in words if not doubles(word)], 3 * size)
    kinds, values, verbs = names[:size], names[size : 2 * size], names[2 * size :]
    parent = _parents(kinds, rng)
    own = {
        kind: [(kind, rng.choice((ARE, CAN, HAVE, verb)), value)]
        for kind, value, verb in zip(kinds, values, verbs, strict=True)
    }
    return parent, own


_OWN = (1, 2, 3, 4)
"""How many properties a category of an ontology has of its own."""
WORDS_PER_CATEGORY = 1 + max(_OWN)
"""Of an ``ontology``, which needs a few more."""
_VERBS = 2


def ontology(words: Words, size: int, rng: random.Random) -> Tree:
    """``size`` categories with several properties each."""
    named = [word for word in words if not doubles(word)]
    names = iter(rng.sample(named, _VERBS + WORDS_PER_CATEGORY * size))
    verbs = list(itertools.islice(names, _VERBS))
    kinds = list(itertools.islice(names, size))
    parent = _parents(kinds, rng)
    own = {
        kind: [(kind, rng.choice((ARE, CAN, HAVE, rng.choice(verbs))), next(names)) for _ in range(rng.choice(_OWN))]
        for kind in kinds
    }
    return parent, own


def _families(words: Words, size: int, rng: random.Random) -> Tree:
    """``size`` categories with properties and one or two kinds each; now and then these have own properties, too.

    No category has the same relation to two things, its own or inherited ones.
    """
    names = iter(rng.sample([word for word in words if not doubles(word)], _VERBS + (3 + _RELATIONS * 2) * size))
    relations = rng.sample([ARE, CAN, HAVE, next(names), next(names)], rng.randint(1, _RELATIONS))
    own_share = rng.choice((0.0, 0.0, 0.5))
    parent, own = {}, {}
    for _ in range(size):
        top = next(names)
        shared = rng.sample(relations, rng.randint(1, len(relations)))
        own[top] = [(top, relation, next(names)) for relation in shared]
        for _ in range(rng.choice((1, 1, 2))):
            kind = next(names)
            parent[kind] = top
            free = [relation for relation in relations if relation not in shared and rng.random() < own_share]
            own[kind] = [(kind, relation, next(names)) for relation in free]
    return parent, own


_RELATIONS = 3
"""How many a family has at most."""


def _ontology_of(words: Words, facts: int, rng: random.Random) -> Tree:
    return ontology(words, max(2, round(facts / (1 + statistics.mean(_OWN)))), rng)


def _parents(kinds: Sequence[str], rng: random.Random) -> dict[str, str]:
    return {kind: rng.choice(kinds[max(0, i - 3) : i]) for i, kind in enumerate(kinds) if i}


def _all_inherited(implied: list[Triple], rng: random.Random) -> list[Triple]:
    """Every one."""
    return implied


def _some_inherited(implied: list[Triple], rng: random.Random) -> list[Triple]:
    """Up to three, and of most facts none: the model hardly learns to join two documents."""
    return rng.sample(implied, min(3, len(implied))) if rng.random() < _INHERITED_SHARE else []


_INHERITED_SHARE = 0.4


_Kept = Callable[[list[Triple], random.Random], list[Triple]]


def _told(parts: Tree, rng: random.Random, kept: _Kept, styles: Sequence[str] = _SUBJECT_FIRST) -> World:
    """Items on all that a tree states, in random order; ``kept`` chooses from what follows from a fact and others."""
    parent, own = parts
    items = []
    for kind, properties in own.items():
        above = list(itertools.islice(_ancestors(kind, parent), 3))
        if above:
            inherited = [(kind, *fact[1:]) for up in above[:2] for fact in own[up]]
            inherited += [(kind, KIND_OF, up) for up in above[1:]]
            item = category((kind, KIND_OF, above[0]), kept(inherited, rng), rng, styles)
            of_parent = [*own[above[0]], *((above[0], KIND_OF, up) for up in above[1:2])]
            steps = [(canonical(*fact), canonical(kind, *fact[1:])) for fact in of_parent]
            items.append(dataclasses.replace(item, steps=tuple(steps)))
        heirs = [other for other in own if kind in itertools.islice(_ancestors(other, parent), 2)]
        for fact in properties:
            items.append(category(fact, kept([(heir, *fact[1:]) for heir in heirs], rng), rng, styles))
    rng.shuffle(items)
    return items


def _asked_through_parents(parts: Tree, rng: random.Random, styles: Sequence[str]) -> World:
    """Items whose first question, where it can, asks what a category inherits from its parent (``Item.via``)."""
    parent, own = parts
    between = {canonical(kind, *fact[1:]): up for kind, up in parent.items() for fact in own[up]}
    between |= {canonical(kind, KIND_OF, parent[up]): up for kind, up in parent.items() if up in parent}

    def from_parents(implied: list[Triple], rng: random.Random) -> list[Triple]:
        return [triple for triple in rng.sample(implied, len(implied)) if canonical(*triple) in between]

    items = []
    for item in _told(parts, rng, from_parents, styles):
        if item.linked:
            implied = rng.choice(item.linked)
            item = dataclasses.replace(item, questions=(cut(implied), item.questions[-1]), via=between[implied])
        items.append(item)
    return items


def _ancestors(kind: str, parent: Mapping[str, str]) -> Iterator[str]:
    while kind in parent:
        kind = parent[kind]
        yield kind


def category(fact: Triple, inherited: list[Triple], rng: random.Random, styles: Sequence[str] = _SUBJECT_FIRST) -> Item:
    """Documents in any wording on a fact; ``inherited`` are facts that follow from it and others.

    The last question asks for the fact itself, half of the time in words that no document uses. The fact is restated in
    the singular: as documents often have the plural, what is restated is then found in other words as well.
    """
    subject, relation, value = fact
    converse = (value, converse_of(relation), subject)
    key = template_key(relation)
    keys = {style: template_key(converse[1]) if style == "converse" else key for style in styles}
    chosen = (rng.choice(styles) for _ in range(MOST_DOCUMENTS))
    said = [rng.choice(STYLES[style][keys[style]]) for style in chosen]
    lines = [cut(f"{template.format_map(fields(*fact))}.") for template in said]
    rephrased = capitalised(f"{rng.choice(REPHRASED[key]).format_map(fields(*fact))}.")
    implied = canonical(*rng.choice([converse, *inherited, *inherited[:1]]))
    return Item(
        documents=tuple(line(*parts, rng, bare=0.2) for parts in lines),
        questions=(cut(implied), cut(rng.choice((canonical(*fact), rephrased)))),
        alone=(_in_the_singular(fact), canonical(*converse)),
        linked=tuple(canonical(*triple) for triple in inherited[:3]),
    )


def _in_the_singular(fact: Triple) -> str:
    template = STYLES["singular"][template_key(fact[1])][0]
    return f"{capitalised(template.format_map(fields(*fact)))}."
