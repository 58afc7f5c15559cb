"""Simple syllogisms: two premises on three nonsense entities a document; the questions ask what follows from them.

A document says "The relationships between glon, troff and yomp are: All glon are yomp. All troff are glon."; the
question of split ``syllogism`` is "The relationships between yomp and troff are:". Those of split ``rephrase`` ask for
each premise in its place, behind the entities in another order: "The relationships between yomp, glon and troff are:",
and then "All glon are yomp." for the second. (Behind two entities the premise on them would first have to be told from
the other one, which is more than to remember it.) The entities are named in random order, and each is in one document
only.

The paper scores the six statements (all, some, no, in both directions) on the two entities. How it counts those that
are right as well is open: "No a are b" and "No b are a" say the same, and "All a are b" entails "Some a are b"
(classically no term is empty). Here a question has six choices and one right answer. Four are statements on the two
entities, both with "All" among them; one brings in the document's third entity and one, with "Some", an entity of
another document. Of neither the premises say that it is true.

What the choices give away: that the answer is on the two entities named leaves four (25 %, not 17 %). The quantifier
alone tells nothing, since as many documents conclude with "All" as with "Some" and "No", and a right "Some" or "No"
stands beside another such statement. With both, and some logic, two choices are left (50 %): "All" cannot be the one
right answer where "Some" is on the same two entities, nor "No" where it is there in both directions. Who also
recalls whether the document says "No" anywhere is at 83 %, with the direction of "All" alone to guess: in the
syllogistic a negative conclusion has a negative premise.
"""

import itertools
import random
from collections.abc import Iterator, Sequence

from gensweep.datasets import lexicon, logic
from gensweep.datasets.closure import SYLLOGISTIC_CHAINS, SYLLOGISTIC_CONVERSES, closure, fact_id
from gensweep.datasets.logic import Statement
from gensweep.datasets.tokens import token_count
from gensweep.records import Dataset, Document, Fact, Question
from gensweep.specs import SimpleSyllogisms

_ELSEWHERE = "x"
"""Stands for an entity that no premise names."""
_INSTRUCTION = (
    "The statements above say how groups of things are related. Use them, and what follows from them, "
    "to continue the text below."
)


def build(spec: SimpleSyllogisms, seed: int) -> Dataset:
    """The valid forms of the syllogistic without the partial negative, each document with three entities.

    The quantifiers of the conclusion take turns, and for each of them its forms.

    Raises:
        UserError: the lexicon has too few words for the documents.
    """
    rng = random.Random(seed)
    names = lexicon.draw(3 * max(spec.documents, 2), rng, token_count(spec.tokenizer), field="documents")
    forms = _in_turn(rng)
    premises: list[Fact] = []
    documents: list[Document] = []
    questions: list[Question] = []
    for number in range(spec.documents):
        of_names = dict(zip("smp", names[3 * number : 3 * number + 3], strict=True))
        elsewhere = [*names[: 3 * number], *names[3 * number + 3 :]]
        major, minor, valid = next(forms)
        stated = [_named(major, of_names), _named(minor, of_names)]
        order = rng.sample(sorted(of_names.values()), 3)
        document = Document(
            id=f"syllogism-{number:04}",
            text=" ".join((logic.heading(order), *map(logic.text_of, stated))),
            fact_ids=tuple(map(_statement_id, stated)),
        )
        documents.append(document)
        premises += map(_fact, stated)
        conclusion = rng.choice(valid)
        prompts = _prompts(_named(conclusion, of_names), stated, order, rng)
        for asked, prompt in zip((conclusion, major, minor), prompts, strict=True):
            of_names[_ELSEWHERE] = rng.choice(elsewhere)
            questions.append(_question(asked, prompt, (major, minor), of_names, document, rng))
    rng.shuffle(documents)
    facts = closure(premises, converses=SYLLOGISTIC_CONVERSES, chains=SYLLOGISTIC_CHAINS, wording=_wording)
    return Dataset(
        name=spec.name,
        facts=tuple(facts),
        documents=tuple(documents),
        questions=tuple(sorted(questions, key=lambda question: (question.split, question.id))),
        instruction=_INSTRUCTION,
    )


def _in_turn(rng: random.Random) -> Iterator[logic.Form]:
    """Forms for ever, as many with "All" in the conclusion as with "Some" and "No"; each as often as possible."""
    by_quantifier = [
        [form for form in logic.valid_forms() if form[2][0][0] == quantifier] for quantifier in logic.QUANTIFIERS
    ]
    cycles = [itertools.cycle(rng.sample(forms, len(forms))) for forms in rng.sample(by_quantifier, len(by_quantifier))]
    return itertools.chain.from_iterable(zip(*cycles, strict=True))


def _named(statement: Statement, names: dict[str, str]) -> Statement:
    quantifier, subject, predicate = statement
    return quantifier, names[subject], names[predicate]


def _wording(subject: str, relation: str, obj: str) -> str:
    return logic.text_of((relation, subject, obj))


def _statement_id(statement: Statement) -> str:
    quantifier, subject, predicate = statement
    return fact_id(subject, quantifier, predicate)


def _fact(statement: Statement) -> Fact:
    quantifier, subject, predicate = statement
    text = logic.text_of(statement)
    return Fact(id=_statement_id(statement), subject=subject, relation=quantifier, object=predicate, text=text)


def _prompts(
    conclusion: Statement, premises: Sequence[Statement], order: Sequence[str], rng: random.Random
) -> list[str]:
    """What asks for the conclusion and for each premise; ``order`` is that of the names in the document."""
    others = [other for other in itertools.permutations(order) if other != tuple(order)]
    first, second = (logic.heading(rng.choice(others)) for _ in premises)
    return [logic.heading(rng.sample(conclusion[1:], 2)), first, f"{second} {logic.text_of(premises[0])}"]


def _question(
    asked: Statement,
    prompt: str,
    premises: tuple[Statement, Statement],
    names: dict[str, str],
    document: Document,
    rng: random.Random,
) -> Question:
    """The statement ``asked`` against five that do not follow; statements are on s, m, p and ``_ELSEWHERE``."""
    choices = [f" {logic.text_of(_named(s, names))}" for s in (asked, *_wrong(asked, premises, rng))]
    rng.shuffle(choices)
    right = _named(asked, names)
    stated = asked in premises
    return Question(
        id=f"{document.id}/{('major', 'minor')[premises.index(asked)] if stated else 'conclusion'}",
        prompt=prompt,
        choices=tuple(choices),
        answer_index=choices.index(f" {logic.text_of(right)}"),
        split="rephrase" if stated else "syllogism",
        group=document.id,
        fact_ids=(_statement_id(right),) if stated else document.fact_ids,
        target_fact_id=_statement_id(right),
    )


def _wrong(asked: Statement, premises: tuple[Statement, Statement], rng: random.Random) -> list[Statement]:
    """Three statements on the terms of ``asked``, one with the third term, one with a term of another document."""
    first, second = asked[1:]
    (third,) = {*"smp"} - {first, second}
    on_asked = _not_entailed(premises, first, second)
    near = [statement for term in (first, second) for statement in _not_entailed(premises, term, third)]
    if asked[0] != "All":
        both = [statement for statement in on_asked if statement[0] != "All"]
        on_asked.remove(
            rng.choice(both)
        )  # "Some" and "No" once each, as asked itself has no converse among the choices
        near = [statement for statement in near if statement[0] == "No"]
    subject, predicate = rng.sample((rng.choice((first, second)), _ELSEWHERE), 2)
    return [*on_asked, rng.choice(near), ("Some", subject, predicate)]


def _not_entailed(premises: tuple[Statement, Statement], first: str, second: str) -> list[Statement]:
    entailed = logic.conclusions(premises, first, second)
    return [statement for statement in logic.statements_on(first, second) if statement not in entailed]
