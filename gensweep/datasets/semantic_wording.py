"""How the facts of a semantic structure are put into words: statements in several styles, and questions.

Templates know a fact's ends as ``{s}`` (subject), ``{o}`` (object) and their plurals ``{ss}`` and ``{oo}``, and the
verb of a relation between categories as ``{v}`` (hunt), ``{vs}`` (hunts), ``{ved}`` (hunted) and ``{ving}`` (hunting).
No template has a pronoun for an end, so that each sentence states its fact by itself.
"""

import itertools
from collections.abc import Mapping

from gensweep.datasets.inflection import gerund, participle, plural, third_person
from gensweep.datasets.ontology import ARE, CAN, HAVE, KIND_OF

VERB = "verb"
"""Stands for every relation that is a verb, in the keys of templates."""
HAS_KIND, DESCRIBES, DONE_BY, FOUND_ON, VERB_BY = "has the kind", "describes", "is done by", "is found on", "verb by"
CONVERSES = {KIND_OF: HAS_KIND, ARE: DESCRIBES, CAN: DONE_BY, HAVE: FOUND_ON}
_PROPERTY_CONVERSES = frozenset(CONVERSES.values())
_BY = "ed by"  # ends the converse of a verb; no verb of a world changes its spelling before it

Templates = Mapping[str, tuple[str, ...]]

STYLES: Mapping[str, Templates] = {
    "plural": {
        KIND_OF: ("{ss} are a kind of {o}", "{ss} are a type of {o}", "all {ss} are {oo}"),
        ARE: ("{ss} are {o}", "all {ss} are {o}"),
        CAN: ("{ss} can {o}", "all {ss} can {o}"),
        HAVE: ("{ss} have {oo}", "all {ss} have {oo}"),
        VERB: ("{ss} {v} {oo}", "all {ss} {v} {oo}"),
    },
    "singular": {
        KIND_OF: ("a {s} is a kind of {o}", "a {s} is a {o}", "any {s} is a {o}"),
        ARE: ("a {s} is {o}", "any {s} is {o}"),
        CAN: ("a {s} can {o}", "any {s} can {o}"),
        HAVE: ("a {s} has {oo}", "any {s} has {oo}"),
        VERB: ("a {s} {vs} {oo}", "any {s} {vs} {oo}"),
    },
    "formal": {
        KIND_OF: ("{ss} belong to the {oo}", "the {s} is classed among the {oo}", "the {s} is one of the {oo}"),
        ARE: ("the {s} is {o} by nature", "the {s} is thought of as {o}", "{ss} are always {o}"),
        CAN: ("the {s} is able to {o}", "{ss} are able to {o}", "the {s} knows how to {o}"),
        HAVE: ("the {s} possesses {oo}", "{ss} possess {oo}", "the {s} comes with {oo}"),
        VERB: ("the {s} is known to {v} {oo}", "{ss} are known to {v} {oo}", "it is usual for a {s} to {v} {oo}"),
    },
    "observed": {
        KIND_OF: ("the {ss} turned out to be a kind of {o}", "the {ss} were a type of {o}"),
        ARE: ("the {ss} were {o}", "the {ss} looked {o}", "the {ss} were all found to be {o}"),
        CAN: ("the {ss} were {ing}", "we saw {ss} {ing}", "the {ss} began to {o}"),
        HAVE: ("the {ss} had {oo}", "the {ss} were seen to have {oo}", "the {ss} showed their {oo}"),
        VERB: ("the {ss} {ved} {oo}", "we saw {ss} {ving} {oo}", "the {ss} were {ving} {oo}"),
    },
    "converse": {
        HAS_KIND: ("one kind of {o} is the {s}", "the {oo} include {ss}", "among the {oo} are {ss}"),
        DESCRIBES: ("among the {o} are {ss}", "{o} is what {ss} are", "{o} things include {ss}"),
        DONE_BY: ("one that can {o} is the {s}", "to {o} is what {ss} can do", "{ing} is something that {ss} can do"),
        FOUND_ON: ("{oo} are found on {ss}", "{oo} belong to the {s}", "{oo} can be seen on a {s}"),
        VERB_BY: ("{oo} are {ved} by {ss}", "a {o} may be {ved} by a {s}", "{oo} get {ved} by {ss}"),
    },
}
"""Wordings by style and relation. ``converse`` names the object first and states the converse fact as well."""

CANONICAL: Mapping[str, str] = {
    relation: templates[0] for style in ("plural", "converse") for relation, templates in STYLES[style].items()
}
"""The first wording of each relation and converse: that of ``Fact.text`` and, cut before the end, of questions."""

REPHRASED: Templates = {
    KIND_OF: ("every {s} is a kind of {o}", "if something is a {s}, then it is a kind of {o}"),
    ARE: ("every {s} is {o}", "if something is a {s}, then it is {o}"),
    CAN: ("every {s} can {o}", "if something is a {s}, then it can {o}"),
    HAVE: ("every {s} has {oo}", "if something is a {s}, then it has {oo}"),
    VERB: ("every {s} {vs} {oo}", "if something is a {s}, then it {vs} {oo}"),
}
"""Wordings that only questions of the split ``rephrase`` have; no document does."""

ASKED: Templates = {
    KIND_OF: ("what are {ss} a kind of", "what kind of thing is a {s}"),
    ARE: ("what are {ss} like", "how would you describe a {s}"),
    CAN: ("what can {ss} do", "what is a {s} able to do"),
    HAVE: ("what do {ss} have", "what is there to be seen on a {s}"),
    VERB: ("what do {ss} {v}", "what does a {s} {v}"),
    HAS_KIND: ("what is one kind of {o}", "which {oo} are there"),
    DESCRIBES: ("what is {o}", "which things are {o}"),
    DONE_BY: ("what can {o}", "what is able to {o}"),
    FOUND_ON: ("what has {oo}", "where are {oo} found"),
    VERB_BY: ("what {vs} {oo}", "what are {oo} {ved} by"),
}
"""Questions in documents that ask for a fact's object or, for a converse, its subject."""


def converse_of(relation: str) -> str:
    """The name of the converse relation: ``can`` -> ``is done by``, ``drent`` -> ``drented by``."""
    return CONVERSES.get(relation) or f"{relation}{_BY}"


def fields(subject: str, relation: str, obj: str) -> dict[str, str]:
    """What fills the templates of a fact or converse fact; ``s`` is the end that the forward fact names first."""
    if is_converse(relation):
        subject, obj = obj, subject
    verb = relation.removesuffix(_BY)
    return {
        "s": subject,
        "ss": plural(subject),
        "o": obj,
        "oo": plural(obj),
        "ing": gerund(obj),
        "v": verb,
        "vs": third_person(verb),
        "ved": participle(verb),
        "ving": gerund(verb),
    }


def template_key(relation: str) -> str:
    """The key of the templates for a relation or converse."""
    if relation in CONVERSES or relation in _PROPERTY_CONVERSES:
        return relation
    return VERB_BY if is_converse(relation) else VERB


def is_converse(relation: str) -> bool:
    """Whether the relation leads from a forward fact's object to its subject."""
    return relation in _PROPERTY_CONVERSES or relation.endswith(_BY)


def canonical(subject: str, relation: str, obj: str) -> str:
    """A fact or converse fact as one sentence: ``Balps can drisk.``, ``One that can drisk is the balp.``"""
    return f"{capitalised(CANONICAL[template_key(relation)].format_map(fields(subject, relation, obj)))}."


def wordings(subject: str, relation: str, obj: str) -> tuple[str, ...]:
    """The sentences in which documents and questions may state a fact or converse fact, without the canonical one."""
    key = template_key(relation)
    known = itertools.chain(*(templates.get(key, ()) for templates in (*STYLES.values(), REPHRASED)))
    ends = fields(subject, relation, obj)
    return tuple(f"{capitalised(text.format_map(ends))}." for text in known if text != CANONICAL[key])


def capitalised(text: str) -> str:
    """``text`` with its first letter in upper case and the rest as it was."""
    return text[:1].upper() + text[1:]
