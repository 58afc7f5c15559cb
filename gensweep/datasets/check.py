"""The proof that a dataset does not leak: from its facts, from its wording, and from what shallow guessers make of it.

The rules are strict: a violated one means that a question can be answered by recall, or has no single right answer.
Questions of the split ``rephrase`` and its kinds are the control in the trained direction: their facts must be stated.
The guessers are reported only, because word statistics lead somewhere on every text.
"""

import dataclasses
import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from gensweep.datasets.guesser import Guess, guesses
from gensweep.datasets.text_index import TextIndex, words
from gensweep.records import Dataset, Fact, Question

_NAMED_IDS = 5


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Violation:
    """A rule that the questions (or facts, documents) ``ids`` break; as text one clause that names some of them."""

    rule: str
    ids: tuple[str, ...]

    def __str__(self) -> str:
        more = f" and {len(self.ids) - _NAMED_IDS} more" if len(self.ids) > _NAMED_IDS else ""
        return f"{self.rule}: {', '.join(self.ids[:_NAMED_IDS])}{more}"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What ``gensweep data check`` prints: sizes, questions per split, broken rules, and the guessers' accuracies."""

    dataset: str
    facts: int
    documents: int
    questions_by_split: tuple[tuple[str, int], ...]
    violations: tuple[Violation, ...]
    guesses: tuple[Guess, ...]


def is_stated_split(split: str) -> bool:
    """Whether a split asks for what the documents state: ``train``, ``rephrase`` and its kinds."""
    return split.startswith(("rephrase", "train"))


def check(dataset: Dataset) -> Report:
    """Every rule and every guesser on ``dataset``."""
    return Report(
        dataset=dataset.name,
        facts=len(dataset.facts),
        documents=len(dataset.documents),
        questions_by_split=tuple(Counter(question.split for question in dataset.questions).items()),
        violations=violations(dataset),
        guesses=guesses(dataset),
    )


def violations(dataset: Dataset) -> tuple[Violation, ...]:
    """The broken rules of ``dataset``; empty for a sound one."""
    found = [Violation(rule=rule, ids=tuple(ids)) for rule, find in _RULES_OF_FORM.items() if (ids := find(dataset))]
    if found:
        return tuple(found)
    evidence = _Evidence(dataset)
    broken = {rule: [q.id for q in dataset.questions if breaks(evidence, q)] for rule, breaks in _RULES.items()}
    return tuple(Violation(rule=rule, ids=tuple(ids)) for rule, ids in broken.items() if ids)


def _repeated(ids: Sequence[str]) -> list[str]:
    return [identifier for identifier, count in Counter(ids).items() if count > 1]


def _unknown_facts(dataset: Dataset) -> list[str]:
    known = {fact.id for fact in dataset.facts}
    users = [(fact.id, fact.premises) for fact in dataset.facts]
    users += [(document.id, document.fact_ids) for document in dataset.documents]
    users += [(q.id, (*q.fact_ids, *((q.target_fact_id,) if q.target_fact_id else ()))) for q in dataset.questions]
    return [identifier for identifier, used in users if not known.issuperset(used)]


_RULES_OF_FORM: dict[str, Callable[[Dataset], list[str]]] = {
    "an id is used twice": lambda d: [
        identifier
        for records in (d.facts, d.documents, d.questions)
        for identifier in _repeated([r.id for r in records])
    ],
    "a fact id that does not exist is referred to": _unknown_facts,
    "a document is empty": lambda d: [document.id for document in d.documents if not document.text.strip()],
    "the answer is not among the choices": lambda d: [
        q.id for q in d.questions if not 0 <= q.answer_index < len(q.choices)
    ],
    "there are fewer than two choices": lambda d: [q.id for q in d.questions if len(q.choices) < 2 and not q.stop],
    "there is not one answer to write, without a stop string in it": lambda d: [
        q.id for q in d.questions if q.stop and (len(q.choices) != 1 or any(stop in q.choices[0] for stop in q.stop))
    ],
    "a choice stands twice": lambda d: [q.id for q in d.questions if len(set(q.choices)) < len(q.choices)],
    "the prompt is empty or ends with white space": lambda d: [
        q.id for q in d.questions if not q.prompt or q.prompt != q.prompt.rstrip()
    ],
    "a choice does not start with one space and a text": lambda d: [
        q.id for q in d.questions if any(c[:1] != " " or not c[1:].strip() or c[1].isspace() for c in q.choices)
    ],
}
"""What a dataset's records must look like, each with what finds the ids that do not."""


class _Evidence:
    """What the documents of a dataset state, by fact and by wording, and what follows from it."""

    def __init__(self, dataset: Dataset) -> None:
        self.facts = {fact.id: fact for fact in dataset.facts}
        self.stated = {identifier for document in dataset.documents for identifier in document.fact_ids}
        self._stated_triples = {_triple(self.facts[identifier]) for identifier in self.stated}
        self._index = TextIndex(document.text for document in dataset.documents)
        asked = (phrase for q in dataset.questions for choice in q.choices for phrase in self._wordings(q, choice))
        inferred = (phrase for q in dataset.questions if _beyond(q) for phrase in self._wordings_of_target(q))
        self._said = self._index.occurring(itertools.chain(asked, inferred))
        self._right: defaultdict[str, set[str]] = defaultdict(set)
        for question in dataset.questions:
            self._right[question.prompt].add(question.choices[question.answer_index])
        self.follows = _entailed(dataset.facts, self.stated)
        true = [self.facts[identifier] for identifier in self.follows]
        self._true_triples = {_plain_triple(fact) for fact in true}
        self._true_texts = {" ".join(words(fact.text)) for fact in true if fact.text}
        self._said_of: defaultdict[str, set[frozenset[str]]] = defaultdict(set)
        for identifier in self.stated:
            ends = frozenset((self.facts[identifier].subject, self.facts[identifier].object))
            for end in ends:
                self._said_of[end].add(ends)

    def lacks_premise(self, question: Question) -> bool:
        """Whether no document states a fact that the question needs; in the trained direction it needs its target."""
        asks_for_stated = is_stated_split(question.split) and question.target_fact_id != ""
        return not self.stated.issuperset(question.fact_ids) or (asks_for_stated and not self.states_target(question))

    def states_target(self, question: Question) -> bool:
        return _triple(self.facts[question.target_fact_id]) in self._stated_triples

    def says(self, question: Question, choice: str) -> bool:
        """Whether a document has the wording of prompt and choice, or of a choice that is a whole statement."""
        return not self._said.isdisjoint(self._wordings(question, choice))

    def _wordings(self, question: Question, choice: str) -> list[str]:
        whole = question.prompt + choice
        target = self.facts.get(question.target_fact_id)
        if target is None:
            return [whole]
        ends = Counter(words(f"{target.subject} {target.object}"))
        return [whole, choice] if ends <= Counter(words(choice)) else [whole]

    def says_target(self, question: Question) -> bool:
        """Whether a document has one of the asserted fact's wordings."""
        return not self._said.isdisjoint(self._wordings_of_target(question))

    def _wordings_of_target(self, question: Question) -> list[str]:
        target = self.facts[question.target_fact_id]
        return [text for text in (target.text, *target.wordings) if text]

    def says_in_order(self, fact: Fact) -> bool:
        return bool(self._index.texts_with_order(fact.subject, fact.object))

    def partners_of_subject(self, question: Question) -> int:
        """With how many others stated facts relate the subject of the asserted fact."""
        return len(self._said_of[self.facts[question.target_fact_id].subject])

    def is_true(self, question: Question, choice: str) -> bool:
        """Whether a wrong choice asserts a fact that follows, by its wording or as another object of the target."""
        if not self._true_texts.isdisjoint((" ".join(words(question.prompt + choice)), " ".join(words(choice)))):
            return True
        target = self.facts.get(question.target_fact_id)
        if target is None:
            return False
        right, obj = words(question.choices[question.answer_index]), words(target.object)
        starts = [n for n in range(len(right) - len(obj) + 1) if right[n : n + len(obj)] == obj]
        if not starts:
            return False
        before, after, other = right[: starts[0]], right[starts[0] + len(obj) :], words(choice)
        end = len(other) - len(after)
        same_frame = other[: len(before)] == before and other[end:] == after
        triple = (target.subject, target.relation, " ".join(other[len(before) : end]))
        return same_frame and triple in self._true_triples

    def right_choices(self, prompt: str) -> set[str]:
        return self._right[prompt]


def _entailed(facts: Iterable[Fact], stated: set[str]) -> frozenset[str]:
    """The ids of the facts that are stated or whose premises are all entailed, each looked at once per premise."""
    uses: defaultdict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        for premise in set(fact.premises):
            uses[premise].append(fact)
    entailed, pending = set(stated), list(stated)
    missing = {fact.id: len(set(fact.premises)) for fact in facts}
    while pending:
        for fact in uses[pending.pop()]:
            missing[fact.id] -= 1
            if not missing[fact.id] and fact.id not in entailed:
                entailed.add(fact.id)
                pending.append(fact.id)
    return frozenset(entailed)


def _triple(fact: Fact) -> tuple[str, str, str]:
    return fact.subject, fact.relation, fact.object


def _plain_triple(fact: Fact) -> tuple[str, str, str]:
    return fact.subject, fact.relation, " ".join(words(fact.object))


def _beyond(question: Question) -> bool:
    return not is_stated_split(question.split) and question.target_fact_id != ""


def _wrong(question: Question) -> Iterator[str]:
    return (choice for position, choice in enumerate(question.choices) if position != question.answer_index)


_RULES: dict[str, Callable[[_Evidence, Question], bool]] = {
    "no document states a fact that the answer needs": lambda evidence, q: evidence.lacks_premise(q),
    "the asserted fact does not follow from stated facts": lambda evidence, q: (
        q.target_fact_id != "" and q.target_fact_id not in evidence.follows
    ),
    "a document states the asserted fact": lambda evidence, q: _beyond(q) and evidence.states_target(q),
    "a document has the wording of the right answer": lambda evidence, q: (
        not is_stated_split(q.split) and evidence.says(q, q.choices[q.answer_index])
    ),
    "a document has another wording of the asserted fact": lambda evidence, q: _beyond(q) and evidence.says_target(q),
    "a sentence of a document has the asserted fact's two ends in the order that is asked": lambda evidence, q: (
        q.split.startswith("reversal") and _beyond(q) and evidence.says_in_order(evidence.facts[q.target_fact_id])
    ),
    "a document states a wrong choice": lambda evidence, q: any(evidence.says(q, choice) for choice in _wrong(q)),
    "a wrong choice follows from stated facts": lambda evidence, q: any(
        evidence.is_true(q, choice) for choice in _wrong(q)
    ),
    "documents do not relate the held-out category with exactly one other": lambda evidence, q: (
        q.split.startswith("category_holdout") and _beyond(q) and evidence.partners_of_subject(q) != 1
    ),
    "a wrong choice is right where the same prompt is asked again": lambda evidence, q: (
        not (evidence.right_choices(q.prompt).isdisjoint(_wrong(q)))
    ),
}
"""What each question must not break, given the documents."""
