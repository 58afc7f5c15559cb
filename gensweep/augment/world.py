"""The world behind a dataset as the audit sees it: what its documents entail, by wording.

A statement is recognised by its wording (see ``propositions``): ``text`` or ``wordings`` of a fact, the one sentence of
a document that states a single fact, or a question with its right choice. What is worded in another way is ``unknown``,
so that the precision is a lower bound.
"""

from collections.abc import Iterable
from typing import Literal

from gensweep.augment.propositions import Proposition, proposition, readings
from gensweep.augment.splitting import sentences
from gensweep.records import Dataset, Document, Question

Label = Literal["entailed", "contradicted", "unknown"]
Readings = list[list[Proposition]]


class World:
    """The deductive closure of what the documents state.

    ``depths`` has the derivation depth of each fact in it (0: a document states it), ``facts`` each wording's fact.
    """

    def __init__(self, dataset: Dataset) -> None:
        self._questions = dataset.questions
        self._ends = {
            fact.id: tuple(proposition(end).words for end in (fact.subject, fact.object)) for fact in dataset.facts
        }
        self.depths = _depths(dataset)
        self.facts: dict[Proposition, str] = {}
        for fact in sorted(dataset.facts, key=lambda fact: self.depths.get(fact.id, 0)):
            for text in filter(None, (fact.text, *fact.wordings)):
                self._learn(fact.id, [[proposition(text)]])
        for document in dataset.documents:
            if len(document.fact_ids) == 1:
                self._learn(document.fact_ids[0], readings(document.text))
        for question in dataset.questions:
            self._learn(question.target_fact_id, [answer(question)])
        self._impossible = {denied for wording in self.facts if (denied := wording.turned_round()) is not None}

    def _learn(self, fact_id: str, sentences: Readings) -> None:
        """Takes the readings of a single sentence as wordings of the fact.

        What follows a lead-in must name both things that the fact is about: "please welcome Ann" says nothing.
        """
        if fact_id not in self.depths or len(sentences) != 1:
            return
        for number, wording in enumerate(sentences[0]):
            if number == 0 or all(end in wording.words for end in self._ends[fact_id]):
                self.facts.setdefault(wording, fact_id)

    def judge(self, sentences: Readings) -> tuple[Label, list[str]]:
        """The verdict and the facts stated: entailed if each sentence is, contradicted if one denies a fact."""
        stated = [[self.facts[wording] for wording in sentence if wording in self.facts][:1] for sentence in sentences]
        facts = [fact for found in stated for fact in found]
        if sentences and all(stated):
            return "entailed", facts
        denied = any(self._denies(wording) for sentence in sentences for wording in sentence)
        return ("contradicted" if denied else "unknown"), facts

    def _denies(self, wording: Proposition) -> bool:
        """Whether it, or what it says of some where it speaks of all, cannot be true together with a fact."""
        said = [wording, *([] if (weaker := wording.of_some()) is None else [weaker])]
        return any(item.negated() in self.facts or item in self._impossible for item in said)

    def answered(self, documents: Iterable[Document]) -> set[str]:
        """Ids of the questions whose right answer one of the documents states; see ``stated_targets``."""
        wordings = {wording for text in documents for sentence in readings(text.text) for wording in sentence}
        facts = {self.facts[wording] for wording in wordings if wording in self.facts}
        return {
            question.id
            for question in self._questions
            if question.target_fact_id in facts or not wordings.isdisjoint(answer(question)[:1])
        }


def answer(question: Question) -> list[Proposition]:
    """The readings of the sentence that the question's right choice ends, the whole first; none if it begins there."""
    choice = question.choices[question.answer_index]
    said = sentences(question.prompt + choice)
    if not said or len(said[-1]) <= len(choice.strip()):
        return []
    return readings(said[-1])[0]


def stated_targets(documents: Iterable[Document], dataset: Dataset) -> set[str]:
    """Ids of the questions whose right answer one of ``documents``, the augmentations, states in so many words.

    An answer is stated by the sentence that the question makes with its right choice, or by any known wording of the
    fact that it asserts (``Question.target_fact_id``). The split "generated" against "not generated" of the results.
    """
    return World(dataset).answered(documents)


def _depths(dataset: Dataset) -> dict[str, int]:
    """Derivation depth of each fact that documents state or that follows from such facts by its premises."""
    depths = {fact_id: 0 for document in dataset.documents for fact_id in document.fact_ids}
    pending = [fact for fact in dataset.facts if fact.id not in depths and fact.premises]
    depth = 0
    while True:
        depth += 1
        reached = {fact.id: depth for fact in pending if depths.keys() >= set(fact.premises)}
        if not reached:
            return depths
        depths |= reached
        pending = [fact for fact in pending if fact.id not in reached]
