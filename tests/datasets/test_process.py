"""The made-up transform by hand, and what documents and questions on it show and hold back."""

import dataclasses
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gensweep import datasets
from gensweep.datasets import check, process, show, transform
from gensweep.datasets.transform import OPERATIONS, call, number, power
from gensweep.errors import UserError
from gensweep.records import Question
from gensweep.specs import Process

DEFAULT = process.build(Process(), 0)
RULES = transform.draw_rules(random.Random(0))


def nested(text: str) -> set[tuple[str, str]]:
    """Pairs of an operation and one directly inside it, read off the text."""
    found, open_calls = set(), []
    for token in re.findall(r"\w+\(|\)", text):
        if token == ")":
            open_calls.pop()
            continue
        if open_calls and token != "pow(":
            found.add((open_calls[-1], token[:-1]))
        open_calls.append(token[:-1])
    return found


def asked(question: Question) -> str:
    return re.fullmatch(r"The \w+ of (.*) is", question.prompt)[1]


def test_a_transform_worked_out_by_hand() -> None:
    rules = {
        "number": lambda e, t: number(e.value + 1),
        "pow": lambda e, t: call("mul", number(e.value), power(e.value + 1)),
        "sin": lambda e, t: call("add", call("exp", e.operands[0]), t[0]),
        "add": lambda e, t: call("mul", call("add", e.operands[0], t[1]), t[0]),
    }
    inner = call("add", power(3), number(7))
    assert str(call("sin", inner)) == "sin(add(pow(x, 3), 7))"
    by_hand = "mul(add(pow(x, 3), 8), mul(3, pow(x, 4)))"
    assert str(transform.transform(inner, rules)) == by_hand
    assert str(transform.transform(call("sin", inner), rules)) == f"add(exp(add(pow(x, 3), 7)), {by_hand})"
    slipped = transform.transform(call("sin", inner), rules, ((0, 1), lambda e, t: number(e.value + 2)))
    assert str(slipped) == f"add(exp(add(pow(x, 3), 7)), {by_hand.replace('8', '9')})"


@given(st.integers(0, 10**6))
def test_there_are_nine_rules_and_none_is_shared_by_operations_of_one_kind(seed: int) -> None:
    rules = transform.draw_rules(random.Random(seed))
    assert set(rules) == {*OPERATIONS, "number", "pow"} and len(rules) == 9
    assert len({id(rules[head]) for head in OPERATIONS}) == len(OPERATIONS)


def test_near_misses_differ_from_the_result_and_from_each_other() -> None:
    expression = call("mul", call("sin", power(4)), number(2))
    wrong = transform.near_misses(expression, RULES)
    assert len(set(wrong)) == len(wrong) >= 5
    assert transform.transform(expression, RULES) not in wrong


def test_parts_come_before_what_they_are_in() -> None:
    expression = call("div", call("exp", power(2)), number(5))
    assert [str(part) for _, part in transform.parts(expression)] == [
        "pow(x, 2)", "exp(pow(x, 2))", "5", "div(exp(pow(x, 2)), 5)"
    ]  # fmt: skip


def pairs_in_documents() -> set[tuple[str, str]]:
    return {
        pair
        for document in DEFAULT.documents
        for pair in nested(re.search(r" of (.*?)(?:\.|\?|, (?:step|go))", document.text)[1])
    }


def test_documents_show_every_rule_and_all_but_the_held_out_combinations() -> None:
    shown = pairs_in_documents()
    assert len(shown) == 7 * 7 - 2 * 7
    held_out = {(outer, inner) for outer in OPERATIONS for inner in OPERATIONS} - shown
    for operation in OPERATIONS:
        assert [sum(pair[side] == operation for pair in held_out) for side in (0, 1)] == [2, 2]
    stated = {fact for document in DEFAULT.documents for fact in document.fact_ids}
    assert {f"rule/{head}" for head in RULES} <= stated


def test_each_split_combines_as_it_says() -> None:
    shown, texts = pairs_in_documents(), "\n".join(document.text for document in DEFAULT.documents)
    for question in DEFAULT.questions:
        strange = nested(asked(question)) - shown
        assert len(strange) == (question.split == "rule_combination")
        assert (f"of {asked(question)} is" in texts) == (question.split == "rephrase")


def test_the_right_choice_is_the_result_and_all_choices_are_balanced_expressions() -> None:
    facts = {fact.id: fact for fact in DEFAULT.facts}
    for question in DEFAULT.questions:
        target = facts[question.target_fact_id]
        assert question.choices[question.answer_index] == f" {target.object}."
        assert question.prompt + question.choices[question.answer_index] == target.text
        assert len(question.choices) == 4
        assert all(choice.count("(") == choice.count(")") for choice in question.choices)


def test_word_statistics_are_at_chance_beyond_the_trained_expressions() -> None:
    beyond = [guess for guess in check.check(DEFAULT).guesses if guess.split != "rephrase"]
    assert len(beyond) == 6 and {guess.verdict for guess in beyond} == {"at"}


@settings(max_examples=8, deadline=None)
@given(
    documents=st.integers(20, 60),
    questions=st.integers(1, 20),
    depth=st.integers(2, 4),
    held_out=st.integers(1, 5),
    seed=st.integers(0, 10**6),
)
def test_any_size_and_seed_passes_the_check_and_repeats_exactly(
    documents: int, questions: int, depth: int, held_out: int, seed: int
) -> None:
    spec = Process(documents=documents, questions_per_split=questions, depth=depth, held_out=held_out)
    dataset = datasets.build(spec, seed)
    assert len(dataset.documents) == documents
    assert dataset == process.build(spec, seed)


def test_more_questions_than_there_are_expressions() -> None:
    with pytest.raises(UserError, match=r"too few expressions of depth 2 .* lower questions_per_split or raise depth"):
        process.build(Process(questions_per_split=600), 0)


def test_with_exact_match_the_same_questions_have_nothing_to_choose_from() -> None:
    written = datasets.build(Process(answers="exact_match"), 0)
    assert (written.documents, written.facts) == (DEFAULT.documents, DEFAULT.facts)
    for question, chosen in zip(written.questions, DEFAULT.questions, strict=True):
        assert (question.id, question.prompt, question.target_fact_id) == (
            chosen.id,
            chosen.prompt,
            chosen.target_fact_id,
        )
        assert chosen.choices[chosen.answer_index] == f"{question.choices[0]}." and len(question.choices) == 1
        assert question.stop and not any(stop in question.choices[0] for stop in question.stop)
        assert chosen.stop == ()
    report = check.check(written)
    assert report.violations == () and report.guesses == ()
    assert "rephrase: 100 questions in" in (shown := show.show(written)) and "to be written" in shown
    assert "to be written" not in show.show(DEFAULT)


def test_an_answer_with_a_stop_string_or_a_rival_is_a_violation() -> None:
    written = process.build(Process(documents=20, questions_per_split=2, answers="exact_match"), 0)
    first, second, *rest = written.questions
    broken = (
        dataclasses.replace(first, choices=(f"{first.choices[0]}. And more",)),
        dataclasses.replace(second, choices=(*second.choices, " 7")),
    )
    (found,) = check.violations(dataclasses.replace(written, questions=(*broken, *rest)))
    assert found.ids == (first.id, second.id) and "one answer to write" in found.rule
