"""Simple syllogisms: the paper's numbers and wording, one right answer, every valid form."""

import itertools
import re
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gensweep import datasets
from gensweep.datasets import logic, simple_syllogisms
from gensweep.datasets.logic import Statement
from gensweep.errors import UserError
from gensweep.records import Question
from gensweep.specs import SimpleSyllogisms

PAPER = simple_syllogisms.build(SimpleSyllogisms(), 0)
LARGE = simple_syllogisms.build(SimpleSyllogisms(documents=330), 0)
DOCUMENTS = {document.id: document for document in PAPER.documents}


def read(text: str) -> list[Statement]:
    return re.findall(r"(All|Some|No) (\w+) are (\w+)\.", text)


def test_the_defaults_are_the_papers_numbers() -> None:
    assert len(PAPER.documents) == 69
    assert Counter(question.split for question in PAPER.questions) == {"syllogism": 69, "rephrase": 138}


def test_a_document_names_its_three_entities_in_random_order_and_then_states_the_premises() -> None:
    orders = Counter()
    for document in PAPER.documents:
        match = re.fullmatch(r"The relationships between (\w+), (\w+) and (\w+) are: (.*)", document.text)
        premises = read(match[4])
        assert " ".join(map(logic.text_of, premises)) == match[4]
        entities = {term for premise in premises for term in premise[1:]}
        assert {match[1], match[2], match[3]} == entities and len(entities) == 3
        middle = set(premises[0][1:]) & set(premises[1][1:])
        orders[match.groups().index(*middle)] += 1
    assert all(12 <= orders[place] <= 34 for place in range(3))  # 69 / 3, within 3 standard deviations
    words = Counter(word for document in PAPER.documents for word in {w for s in read(document.text) for w in s[1:]})
    assert set(words.values()) == {1}


def entailed(question: Question, statement: Statement) -> bool:
    """Whether every world of the document's premises has it; what they do not name has members outside of all else."""
    premises = tuple(read(DOCUMENTS[question.group].text))
    terms = tuple(sorted({term for premise in premises for term in premise[1:]}))
    possible = [w for w in logic.worlds(terms, True) if all(logic.holds(premise, w) for premise in premises)]
    stranger = frozenset({*statement[1:]} - {*terms})
    return all(logic.holds(statement, world | {stranger} if stranger else world) for world in possible)


def test_each_question_has_six_choices_of_which_one_follows() -> None:
    for question in PAPER.questions:
        statements = [read(choice)[0] for choice in question.choices]
        assert [f" {logic.text_of(statement)}" for statement in statements] == list(question.choices)
        assert len(set(statements)) == 6
        assert [entailed(question, s) for s in statements] == [n == question.answer_index for n in range(6)]


def test_four_choices_are_on_the_entities_asked_for_one_on_the_third_and_one_on_another_document() -> None:
    for question in PAPER.questions:
        asked = read(question.choices[question.answer_index])[0][1:]
        there = {term for premise in read(DOCUMENTS[question.group].text) for term in premise[1:]}
        statements = [read(choice)[0] for choice in question.choices]
        kinds = Counter(tuple(sum(term in group for term in s[1:]) for group in (asked, there)) for s in statements)
        assert kinds == {(2, 2): 4, (1, 2): 1, (1, 1): 1}


def test_a_conclusion_is_asked_for_by_its_two_entities() -> None:
    for question in PAPER.questions:
        if question.split == "syllogism":
            named = re.fullmatch(r"The relationships between (\w+) and (\w+) are:", question.prompt).groups()
            assert {*named} == {*read(question.choices[question.answer_index])[0][1:]}


def test_a_premise_is_asked_for_in_its_place_behind_the_entities_in_another_order() -> None:
    heading = re.compile(r"The relationships between (\w+), (\w+) and (\w+) are:")
    asked = [question for question in PAPER.questions if question.split == "rephrase"]
    for question in asked:
        text = DOCUMENTS[question.group].text
        there, here = heading.match(text), heading.match(question.prompt)
        assert {*there.groups()} == {*here.groups()} and there.groups() != here.groups()
        whole = question.prompt + question.choices[question.answer_index]
        assert text[there.end() :].startswith(whole[here.end() :])
    second = sum(bool(read(question.prompt)) for question in asked)
    assert second == len(asked) // 2


def best_guess(feature: Callable[[Question, str], object]) -> float:
    """Accuracy of the best fixed order of preference among the values of a feature; equal choices share the point."""
    asked = [question for question in LARGE.questions if question.split == "syllogism"]
    seen = [[feature(question, choice) for choice in question.choices] for question in asked]
    kinds = Counter((row[q.answer_index], tuple(sorted(row))) for q, row in zip(asked, seen, strict=True))
    points = []
    for order in itertools.permutations({value for row in seen for value in row}):
        first = {row: min(row, key=order.index) for _, row in kinds}
        points.append(sum(n / row.count(right) for (right, row), n in kinds.items() if first[row] == right))
    return max(points) / len(asked)


def quantifier(question: Question, choice: str) -> str:
    return choice.split()[0]


def on_asked(question: Question, choice: str) -> bool:
    return {*read(choice)[0][1:]} <= {*question.prompt.rstrip(":").split()}


def test_what_a_guesser_who_sees_the_questions_alone_can_reach() -> None:
    assert best_guess(quantifier) == pytest.approx(1 / 6)
    assert best_guess(on_asked) == pytest.approx(1 / 4)
    assert best_guess(lambda q, c: (quantifier(q, c), on_asked(q, c))) == pytest.approx(1 / 2)


def test_the_right_choice_stands_in_each_place_about_as_often() -> None:
    places = Counter(question.answer_index for question in LARGE.questions)
    assert all(165 - 36 <= places[place] <= 165 + 36 for place in range(6))  # 990 / 6, within 3 standard deviations


def test_the_conclusions_quantifiers_and_for_each_of_them_the_forms_occur_equally_often() -> None:
    forms: Counter[tuple[object, ...]] = Counter()
    for document in PAPER.documents:
        major, minor = read(document.text)
        (middle,) = {*major[1:]} & {*minor[1:]}
        forms[major[0], major[1] == middle, minor[0], minor[2] == middle] += 1
    concluded = Counter(
        quantifier(question, question.choices[question.answer_index])
        for question in PAPER.questions
        if question.split == "syllogism"
    )
    assert concluded == {"All": 23, "Some": 23, "No": 23}
    # Barbara and its mirror image; the five forms that conclude "Some", the four that conclude "No"
    assert sorted(forms.values()) == sorted([12, 11, 5, 5, 5, 4, 4, 6, 6, 6, 5])


def test_the_facts_are_all_that_follows_from_each_document() -> None:
    for document in PAPER.documents:
        premises = tuple(read(document.text))
        names = sorted({term for premise in premises for term in premise[1:]})
        pairs = [(a, b) for a in names for b in names if a < b]
        expected = {logic.text_of(s) for pair in pairs for s in logic.conclusions(premises, *pair)}
        assert {fact.text for fact in PAPER.facts if fact.subject in names} == expected


@settings(max_examples=15, deadline=None)
@given(documents=st.integers(1, 120), seed=st.integers(0, 10**6))
def test_any_size_and_seed_passes_the_check_and_repeats_exactly(documents: int, seed: int) -> None:
    spec = SimpleSyllogisms(documents=documents)
    dataset = datasets.build(spec, seed)
    assert len(dataset.documents) == documents
    assert dataset == simple_syllogisms.build(spec, seed)


def test_more_than_there_are_words() -> None:
    with pytest.raises(UserError, match="nonsense words"):
        simple_syllogisms.build(SimpleSyllogisms(documents=534), 0)
