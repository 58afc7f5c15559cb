"""Random worlds as text: in each, new entities get new facts, so that only the context can tell what is true.

A world is a list of items, one per fact. An item knows its documents, what may be asked about them (given the whole
world) and what follows from them, alone or together with the others. ``layouts.py`` arranges items into texts.
"""

import dataclasses
import functools
import itertools
import random
from collections.abc import Sequence

from gensweep.datasets import celebrity_wording
from gensweep.datasets.features import FEATURES, LEAD_INS

POLES = {f.comparative: f.opposite for f in FEATURES} | {f.opposite: f.comparative for f in FEATURES}
_GLUE = (
    "also and as at because before but by even for from here how if in it just last many mostly much my near now of "
    "often on one our perhaps said since so some still such the then there these they this today two usually we well "
    "when where while who with yes you"
).split()


Line = tuple[str, str]
"""A text in two parts: what nobody could know, and what is known to a reader of the world's other documents."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """Documents that say the same, questions on them as (prompt, answer), and what they imply.

    ``alone`` follows from each document by itself, ``linked`` needs other items of the world too. ``steps`` tells how:
    pairs of what another item says and what follows from both. ``via``: the word through which the first question's
    answer is found, where two items are needed for it.
    """

    documents: tuple[Line, ...]
    questions: tuple[Line, ...]
    alone: tuple[str, ...]
    linked: tuple[str, ...] = ()
    steps: tuple[tuple[str, str], ...] = ()
    via: str = ""


World = list[Item]
MOST_DOCUMENTS = 4
"""How many documents an item has at most."""
Words = Sequence[str]


def capitalised(text: str) -> str:
    """``text`` with its first letter in upper case and the rest as it was."""
    return text[0].upper() + text[1:]


def cut(statement: str) -> Line:
    """The statement in two parts, of which the second is its last word."""
    head, _, tail = statement.rpartition(" ")
    return head, f" {tail}"


def glue(rng: random.Random, longest: int = 5) -> str:
    """A few random English words, so that the model reads past phrases that it never met."""
    return " ".join(rng.choices(_GLUE, k=rng.randint(1, longest)))


def line(head: str, tail: str, rng: random.Random, bare: float = 0.3) -> Line:
    """The statement in its two parts: with probability ``bare`` as it is, else capitalised or behind a lead-in."""
    kind = rng.random() if rng.random() >= bare else 1.0
    if kind == 1.0:
        return head, tail
    if kind < 0.3:
        return capitalised(head), tail
    if kind < 0.8:
        lead_in = rng.choice(LEAD_INS)
        return f"{lead_in} {head}", f"{tail[:-1]}?" if lead_in.startswith("Did") else tail
    return f"{capitalised(glue(rng))}{rng.choice(('', ','))} {head}", tail


_TOGETHER = (
    "{a} and| {b}.",
    "{a} met| {b}.",
    "{a} is next to| {b}.",
    "{a} goes with| {b}.",
    "{a} lives with| {b}.",
    "{a} belongs with| {b}.",
)


def pairs(words: Words, count: int, rng: random.Random) -> World:
    """``count`` pairs that belong together, said in either order: the shortest way to practise finding a word again."""
    names = rng.sample(words, 2 * count)
    template = rng.choice(_TOGETHER)
    return [_pair(a, b, template) for a, b in zip(names[::2], names[1::2], strict=True)]


def _pair(a: str, b: str, template: str) -> Item:
    said, converse = (_two(template.format(a=x, b=y)) for x, y in ((a, b), (b, a)))
    return Item(
        documents=(said,) * MOST_DOCUMENTS, questions=(converse, said), alone=("".join(said), "".join(converse))
    )


def _two(template: str) -> Line:
    head, tail = template.split("|")
    return head, tail


def processes(words: Words, count: int, rng: random.Random) -> World:
    """``count`` processes of three or four steps; the questions ask what comes before or after one."""
    names = rng.sample(words, 4 * count)
    return [_process(names[i : i + rng.randint(3, 4)], rng) for i in range(0, len(names), 4)]


def _process(steps: Sequence[str], rng: random.Random) -> Item:
    said = cut(f"first {', then '.join(steps)}.")
    place = rng.randrange(len(steps) - 1)
    one, two = steps[place : place + 2]
    after, before = (f"After {one} comes", f" {two}."), (f"Before {two} comes", f" {one}.")
    asked = rng.sample((after, before), 2)
    return Item(
        documents=tuple(line(*said, rng) for _ in range(MOST_DOCUMENTS)),
        questions=tuple(asked),
        alone=tuple(f"After {a} comes {b}." for a, b in itertools.pairwise(steps)),
    )


def comparisons(words: Words, count: int, rng: random.Random) -> World:
    """``count`` comparisons, each of two entities of its own."""
    names = rng.sample(words, 2 * count)
    return [_comparison(a, b, rng) for a, b in zip(names[::2], names[1::2], strict=True)]


def _comparison(a: str, b: str, rng: random.Random) -> Item:
    said = rng.choice(tuple(POLES))
    stated = (f"{a} are", f" {said} than {b}.")
    converse = (f"{b} are", f" {POLES[said]} than {a}.")
    return Item(
        documents=tuple(line(*stated, rng) for _ in range(MOST_DOCUMENTS)),
        questions=(converse, stated),
        alone=("".join(stated), "".join(converse)),
    )


_PROFESSIONS = (
    "actor architect artist author baker boxer chef chemist composer dancer designer director doctor engineer explorer "
    "farmer founder inventor judge king lawyer leader maker painter pilot poet queen sailor scientist singer teacher "
    "traveller writer"
).split()
_WORKS = "book film island mountain novel opera picture poem river school song star story symphony".split()
NAME_FIRST = ("{n} is| {d}.", "{n} was| {d}.", *celebrity_wording.NAME_FIRST, *celebrity_wording.NAME_FIRST_TESTS)
DESCRIPTION_FIRST = (
    "{D} is| {n}.",
    "{D} was| {n}.",
    *celebrity_wording.DESCRIPTION_FIRST,
    *celebrity_wording.DESCRIPTION_FIRST_TESTS,
)


def people(words: Words, count: int, rng: random.Random) -> World:
    """``count`` persons, each with a name and a description of his own; all documents give one of the two first."""
    parts = [capitalised(word) for word in rng.sample(words, 4 * count)]
    return [_person(" ".join(parts[i : i + 2]), (parts[i + 2], parts[i + 3]), rng) for i in range(0, len(parts), 4)]


def description_of(title: tuple[str, str], rng: random.Random) -> str:
    """``the writer of the novel Femp Glon``."""
    what = title[0] if rng.random() < 0.2 else " ".join(title)
    if rng.random() < 0.7:
        return rng.choice(celebrity_wording.DEEDS).format(what)
    return f"the {rng.choice(_PROFESSIONS)} of the {glue(rng, 2)} {rng.choice(_WORKS)} {what}"


def _person(name: str, title: tuple[str, str], rng: random.Random) -> Item:
    description = description_of(title, rng)
    fill = functools.partial(told, name=name, description=description, rng=rng)
    ways = (NAME_FIRST, DESCRIPTION_FIRST)
    said, converse = ways if rng.random() < 0.6 else ways[::-1]
    return Item(
        documents=tuple(fill(said) for _ in range(MOST_DOCUMENTS)),
        questions=(fill(converse), fill(said)),
        alone=(f"{name} is {description}.", f"{capitalised(description)} is {name}."),
    )


def told(templates: Sequence[str], *, name: str, description: str, rng: random.Random) -> Line:
    """A sentence on the person, cut before the second of name and description."""
    if rng.random() < 0.7:
        template = rng.choice(templates[:2] if rng.random() < 0.3 else templates)
    else:
        first, second = ("{n}", "{d}") if templates is NAME_FIRST else ("{d}", "{n}")
        start = f"{glue(rng)} " if rng.random() < 0.5 else ""
        template = f"{start}{first}{rng.choice(('', ','))} {glue(rng)}| {second}."
    head, tail = template.format(n=name, d=description, D=capitalised(description)).split("|")
    if template[0] == "{" and rng.random() < 0.15:
        return line(head[0].lower() + head[1:] if template.startswith("{D}") else head, tail, rng)
    return capitalised(head), tail
