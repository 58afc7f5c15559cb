"""Semantic structure: a hierarchy of categories with properties and relations, told in articles of many formats.

The documents state the axioms of the world, each sentence one: the link of a category to its parent, its own properties
and its relations to other categories. They state nothing that follows from two axioms. Facts that the split
``reversal`` asks for are always stated with the subject first, the others, once they have been, now and then in the
converse direction. Of a held-out category the documents state the link to its parent alone.
"""

import dataclasses
import itertools
import random
from collections import Counter
from collections.abc import Iterator, Sequence

from gensweep.datasets import ontology, semantic_questions
from gensweep.datasets.closure import closure, fact_id
from gensweep.datasets.ontology import KIND_OF, Category
from gensweep.datasets.semantic_formats import (
    FEWEST_SENTENCES,
    FORMATS,
    QUESTIONS_AND_ANSWERS,
    STATEMENT,
    Format,
    write,
)
from gensweep.datasets.semantic_wording import canonical, converse_of, wordings
from gensweep.datasets.tokens import token_count
from gensweep.errors import UserError
from gensweep.records import Dataset, Document, Fact
from gensweep.specs import SemanticStructure

_INSTRUCTION = (
    "The texts above describe kinds of things: what they are, can do and have, and how they relate to each other. "
    "Use them, and what follows from them, to continue the text below."
)


def build(spec: SemanticStructure, seed: int) -> Dataset:
    """The world, its closure, its articles and question-and-answer documents, and the questions of five splits.

    Raises:
        UserError: the documents are too few or short to state all facts, the holdout share leaves no question or too
            little to learn from, a split has no question, or the tokenizer cannot be read or leaves too few words.
    """
    rng = random.Random(seed)
    categories = ontology.make(spec.categories, rng, token_count(spec.tokenizer))
    held_out = _hold_out(categories, spec, rng)
    axioms = _axioms(categories, held_out)
    relations = {fact.relation for fact in axioms}
    facts = closure(
        axioms,
        converses={relation: converse_of(relation) for relation in relations},
        chains={(KIND_OF, relation): relation for relation in relations},
        wording=canonical,
    )
    one_way = _one_way([fact for fact in axioms if fact.subject not in held_out], spec.questions_per_split, rng)
    documents = _documents(axioms, one_way, spec, rng)
    questions = semantic_questions.make(
        semantic_questions.Material(facts=facts, held_out=held_out, one_way=one_way), spec, rng
    )
    return Dataset(
        name=spec.name,
        facts=tuple(dataclasses.replace(f, wordings=wordings(f.subject, f.relation, f.object)) for f in facts),
        documents=tuple(documents),
        questions=tuple(questions),
        instruction=_INSTRUCTION,
    )


def _hold_out(categories: Sequence[Category], spec: SemanticStructure, rng: random.Random) -> set[str]:
    """The names of the held-out categories, which have no kinds."""
    parents = {category.parent for category in categories}
    leaves = [category.name for category in categories if category.name not in parents and category.parent]
    count = round(spec.holdout * len(categories))
    if count == 0:
        raise UserError(
            f"holdout {spec.holdout} of {len(categories)} categories leaves no question for the split "
            "category_holdout; raise it"
        )
    if count >= len(leaves):
        raise UserError(
            f"holdout {spec.holdout} of {len(categories)} categories is {count}, but only {len(leaves)} have no kinds, "
            "and not all of these can be held out; lower it"
        )
    return set(rng.sample(leaves, count))


def _axioms(categories: Sequence[Category], held_out: set[str]) -> list[Fact]:
    """What is stated of the categories, facts of one subject together."""
    triples: list[tuple[str, str, str]] = []
    for category in categories:
        if category.parent:
            triples.append((category.name, KIND_OF, category.parent))
        if category.name not in held_out:
            triples += [(category.name, *pair) for pair in category.relations if pair[1] not in held_out]
    return [
        Fact(id=fact_id(*triple), subject=triple[0], relation=triple[1], object=triple[2], text=canonical(*triple))
        for triple in triples
    ]


def _one_way(axioms: Sequence[Fact], count: int, rng: random.Random) -> set[str]:
    """The ids of ``count`` facts, or half of them, to be stated in one direction only.

    No other fact is about the same two things, so that no sentence at all names them the other way round.
    """
    ends = Counter(frozenset((fact.subject, fact.object)) for fact in axioms)
    alone = [fact.id for fact in axioms if ends[frozenset((fact.subject, fact.object))] == 1]
    return set(rng.sample(alone, min(count, len(alone) // 2)))


def _documents(
    axioms: Sequence[Fact], one_way: set[str], spec: SemanticStructure, rng: random.Random
) -> list[Document]:
    """Articles in all formats equally often, then questions and answers; all in random order."""
    convertible = {fact.id for fact in axioms} - one_way
    stream = _stream(axioms, rng)
    sizes = [rng.randint(spec.min_sentences, spec.max_sentences) for _ in range(spec.documents)]
    formats = itertools.cycle(rng.sample(FORMATS, len(FORMATS)))
    kinds = [next(formats) if size >= FEWEST_SENTENCES else STATEMENT for size in sizes]
    sizes += [rng.randint(spec.min_sentences, spec.max_sentences) for _ in range(spec.qa_documents)]
    kinds += [QUESTIONS_AND_ANSWERS] * spec.qa_documents
    documents = []
    stated: set[str] = set()  # subject first, as the split rephrase asks
    for number, (kind, size) in enumerate(zip(kinds, sizes, strict=True)):
        documents.append(_document(f"{kind.name}/{number:05}", kind, size, stream, convertible & stated, rng))
        stated.update(documents[-1].fact_ids)
    if missing := sum(fact.id not in stated for fact in axioms):
        raise UserError(
            f"{len(documents)} documents of {spec.min_sentences} to {spec.max_sentences} sentences state only "
            f"{len(axioms) - missing} of {len(axioms)} facts; raise documents or max_sentences, or lower categories"
        )
    rng.shuffle(documents)
    return documents


def _document(
    identifier: str, kind: Format, size: int, stream: Iterator[Fact], convertible: set[str], rng: random.Random
) -> Document:
    count, frames = kind.sizes(size, rng)
    facts = list(itertools.islice(stream, count))
    text, converted = write(kind, facts, frames, convertible, rng)
    by_id = {fact.id: fact for fact in facts}
    converses = [fact_id(by_id[i].object, converse_of(by_id[i].relation), by_id[i].subject) for i in converted]
    return Document(id=identifier, text=text, fact_ids=(*by_id, *converses))


def _stream(axioms: Sequence[Fact], rng: random.Random) -> Iterator[Fact]:
    """All facts again and again, so that each is stated as often as the others: subjects in random order each time.

    Subjects that follow each other are no more often related than any others: what stands in one document tells nothing
    about the hierarchy.
    """
    groups = [list(group) for _, group in itertools.groupby(axioms, key=lambda fact: fact.subject)]
    while True:
        for group in rng.sample(groups, len(groups)):
            yield from rng.sample(group, len(group))
