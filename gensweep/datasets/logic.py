"""Categorical statements (all, some, no) and what follows from them, decided by going through the possible worlds."""

import functools
import itertools
from collections.abc import Sequence

Statement = tuple[str, str, str]
"""Quantifier, subject, predicate: ``("All", "femp", "glon")``."""
QUANTIFIERS = ("All", "Some", "No")
World = frozenset[frozenset[str]]
"""The regions of a Venn diagram that have members; a region is the set of the terms that it lies in."""


def text_of(statement: Statement) -> str:
    """``All femp are glon.``"""
    quantifier, subject, predicate = statement
    return f"{quantifier} {subject} are {predicate}."


def heading(names: Sequence[str]) -> str:
    """``The relationships between femp, glon and yomp are:``."""
    return f"The relationships between {', '.join(names[:-1])} and {names[-1]} are:"


def statements_on(first: str, second: str) -> tuple[Statement, ...]:
    """The six statements on two terms: each quantifier in both directions."""
    return tuple((quantifier, *pair) for quantifier in QUANTIFIERS for pair in ((first, second), (second, first)))


def holds(statement: Statement, world: World) -> bool:
    """Whether the statement is true in a world; ``All`` is true of no members."""
    quantifier, subject, predicate = statement
    inside = [predicate in region for region in world if subject in region]
    return all(inside) if quantifier == "All" else any(inside) == (quantifier == "Some")


@functools.cache
def worlds(terms: tuple[str, ...], existential_import: bool) -> tuple[World, ...]:
    """Every way to have members in the regions of the terms; with ``existential_import`` each term has some.

    There are ``2 ** (2 ** n - 1)`` for n terms: meant for two to four.
    """
    regions = [frozenset(c) for size in range(1, len(terms) + 1) for c in itertools.combinations(terms, size)]
    subsets = itertools.chain.from_iterable(itertools.combinations(regions, n) for n in range(len(regions) + 1))
    return tuple(frozenset(w) for w in subsets if not existential_import or set().union(*w) == set(terms))


@functools.cache
def conclusions(
    premises: tuple[Statement, ...], first: str, second: str, *, existential_import: bool = True
) -> tuple[Statement, ...]:
    """The statements on two terms that are true wherever all premises are; none if the premises exclude each other."""
    terms = tuple(sorted({first, second, *(term for premise in premises for term in premise[1:])}))
    possible = [w for w in worlds(terms, existential_import) if all(holds(premise, w) for premise in premises)]
    candidates = statements_on(first, second) if possible else ()
    return tuple(statement for statement in candidates if all(holds(statement, w) for w in possible))


def strongest(statements: Sequence[Statement]) -> tuple[Statement, ...]:
    """Those of ``conclusions`` that say most: ``All`` hides the two ``Some`` that it entails."""
    return tuple(statement for statement in statements if statement[0] == "All") or tuple(statements)


Form = tuple[Statement, Statement, tuple[Statement, ...]]
"""Major premise (on m and p), minor premise (on s and m), the strongest conclusions (on s and p)."""


@functools.cache
def valid_forms(*, existential_import: bool = True) -> tuple[Form, ...]:
    """The pairs of premises from which something follows, in the four figures; 11, or 10 without existential import."""
    forms = []
    for major, minor in itertools.product(statements_on("m", "p"), statements_on("s", "m")):
        if found := conclusions((major, minor), "s", "p", existential_import=existential_import):
            forms.append((major, minor, strongest(found)))
    return tuple(forms)
