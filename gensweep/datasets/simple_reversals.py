"""Simple reversals: comparisons of two nonsense entities, each in several documents, asked in the other direction.

A document states "femp are brighter than glon."; the question of split ``reversal`` is "glon are" with the choices
" dimmer than femp." and " brighter than femp.", that of split ``rephrase`` asks the stated direction again. Each entity
is in one fact only. Which of a dimension's two comparatives its first fact states is drawn at random, and its further
facts take turns, so that the base rates of the words give no answer away.
"""

import random

from gensweep.datasets import lexicon
from gensweep.datasets.features import FEATURES, LEAD_INS, Feature
from gensweep.datasets.tokens import token_count
from gensweep.errors import UserError
from gensweep.records import Dataset, Document, Fact, Question
from gensweep.specs import SimpleReversals

_INSTRUCTION = (
    "The statements above compare things with each other. Use them, and what follows from them, "
    "to continue the text below."
)


def build(spec: SimpleReversals, seed: int) -> Dataset:
    """Facts over the 28 dimensions in turn, each with its documents and two questions.

    Raises:
        UserError: the lexicon has too few words for the facts, there are too few lead-ins for the documents, or the
            tokenizer cannot be read or leaves no dimension.
    """
    if spec.documents_per_fact > len(LEAD_INS) + 1:
        raise UserError(
            f"documents_per_fact {spec.documents_per_fact} needs as many ways to introduce a statement, "
            f"but there are {len(LEAD_INS) + 1}; lower it"
        )
    rng = random.Random(seed)
    tokens = token_count(spec.tokenizer)
    entities = lexicon.draw(2 * spec.facts, rng, tokens, field="facts")
    features = [_random_direction(feature, rng) for feature in rng.sample(FEATURES, len(FEATURES))]
    if tokens:
        features = [pair for pair in features if tokens(pair[0]) == tokens(pair[1])]
    if not features:
        raise UserError(
            f"{spec.tokenizer} splits no comparative and its opposite into equally many tokens; leave it out"
        )
    facts: list[Fact] = []
    documents: list[Document] = []
    questions: list[Question] = []
    for number, (first, second) in enumerate(zip(entities[::2], entities[1::2], strict=True)):
        turn, position = divmod(number, len(features))
        said, converse = features[position] if turn % 2 == 0 else features[position][::-1]
        fact_id = f"fact-{number:04}"
        stated = Fact(
            id=fact_id, subject=first, relation=f"{said} than", object=second, text=f"{first} are {said} than {second}."
        )
        reverse = Fact(
            id=f"{fact_id}/reversed",
            subject=second,
            relation=f"{converse} than",
            object=first,
            premises=(fact_id,),
            text=f"{second} are {converse} than {first}.",
        )
        facts += [stated, reverse]
        documents += _documents(stated, spec.documents_per_fact, rng)
        questions += [
            _question(stated, wrong=reverse.relation, split="rephrase", group=fact_id, rng=rng),
            _question(reverse, wrong=stated.relation, split="reversal", group=fact_id, rng=rng),
        ]
    rng.shuffle(documents)
    return Dataset(
        name=spec.name,
        facts=tuple(facts),
        documents=tuple(documents),
        questions=tuple(sorted(questions, key=lambda question: (question.split, question.id))),
        instruction=_INSTRUCTION,
    )


def _random_direction(feature: Feature, rng: random.Random) -> tuple[str, str]:
    pair = (feature.comparative, feature.opposite)
    return pair if rng.random() < 0.5 else pair[::-1]


def _documents(fact: Fact, count: int, rng: random.Random) -> list[Document]:
    """The bare statement and lead-ins, each at most once, in random order."""
    statement = f"{fact.subject} are {fact.relation} {fact.object}"
    texts = []
    for lead_in in rng.sample(("", *LEAD_INS), count):
        end = "?" if lead_in.startswith("Did you") else "."
        texts.append(f"{lead_in} {statement}{end}".strip())
    return [Document(id=f"{fact.id}/{n:02}", text=text, fact_ids=(fact.id,)) for n, text in enumerate(texts)]


def _question(fact: Fact, *, wrong: str, split: str, group: str, rng: random.Random) -> Question:
    """``fact`` against the same sentence with the relation ``wrong``."""
    right = f" {fact.relation} {fact.object}."
    choices = [right, f" {wrong} {fact.object}."]
    rng.shuffle(choices)
    return Question(
        id=f"{group}/{split}",
        prompt=f"{fact.subject} are",
        choices=tuple(choices),
        answer_index=choices.index(right),
        split=split,
        group=group,
        fact_ids=(group,),
        target_fact_id=fact.id,
    )
