"""Verdicts, precision, coverage, leaks and dose against counts made by hand on two small worlds."""

import dataclasses

import pytest

from gensweep.augment.audit import AuditedStatement, Coverage, audit, coverage, summarise
from gensweep.augment.world import World, stated_targets
from gensweep.datasets import build
from gensweep.records import Dataset, Document, from_table, to_table
from gensweep.specs import DatasetSpec, Process, ReversalCurse, SemanticStructure, SimpleReversals, SimpleSyllogisms
from tests.augment.test_parsing import request
from tests.augment.worlds import COMPARISONS, SYLLOGISM, dataset, generation


def documents(*texts: str) -> list[Document]:
    return [
        Document(id=f"local/1/{number}", text=text, origin="local", source_id="d0") for number, text in enumerate(texts)
    ]


def verdict(text: str, world: Dataset) -> AuditedStatement:
    return audit(documents(text), world)[0]


@pytest.mark.parametrize(
    ("text", "label", "depth"),
    [
        ("Femp are brighter than glon.", "entailed", 0),
        ("Glon are dimmer than femp.", "entailed", 1),
        ("It follows that a glon is dimmer than a femp.", "entailed", 1),
        ("Femp are brighter than glon. Glon are dimmer than femp.", "entailed", 1),
        ("Glon are brighter than femp.", "contradicted", -1),
        ("Trof are more dangerous than yomp.", "contradicted", -1),
        ("Femp are not brighter than glon.", "contradicted", -1),
        ("Femp are dimmer than glon.", "contradicted", -1),
        ("Femp are brighter than glon. Glon are brighter than femp.", "contradicted", -1),
        ("Femp are brighter than yomp.", "unknown", -1),
        ("Femp are brighter than glon. They like it.", "unknown", -1),
        ("It is false that femp are brighter than glon.", "unknown", -1),
        ("femp", "unknown", -1),
    ],
)
def test_verdict_on_comparisons(text: str, label: str, depth: int) -> None:
    statement = verdict(text, COMPARISONS)
    assert (statement.label, statement.depth) == (label, depth)


@pytest.mark.parametrize(
    ("text", "label", "depth"),
    [
        ("All glon are yomp.", "entailed", 0),
        ("No yomp are kreb.", "entailed", 0),
        ("Every troff is a yomp.", "entailed", 1),  # Barbara
        ("Some yomp are troff.", "entailed", 2),  # its conversion
        ("Some troff are yomp.", "entailed", 3),
        ("No kreb are yomp.", "entailed", 1),
        ("No troff are yomp.", "contradicted", -1),
        ("Some kreb are yomp.", "contradicted", -1),
        ("All yomp are kreb.", "contradicted", -1),  # of some, no yomp is kreb
        ("Not all glon are yomp.", "contradicted", -1),
        ("All yomp are troff.", "unknown", -1),  # converting "all" is a fallacy, but may be true
        ("All kreb are zilp.", "unknown", -1),  # true of the world, but the documents do not entail it
    ],
)
def test_verdict_on_a_syllogism(text: str, label: str, depth: int) -> None:
    statement = verdict(text, SYLLOGISM)
    assert (statement.label, statement.depth) == (label, depth)


def test_depths_are_those_of_the_shortest_derivation() -> None:
    assert World(SYLLOGISM).depths == {
        "all-gy": 0,
        "all-tg": 0,
        "no-yk": 0,
        "all-ty": 1,
        "some-yt": 2,
        "some-ty": 3,
        "no-ky": 1,
    }


def test_answering_and_restating_are_told_apart() -> None:
    answers = verdict("Therefore a glon is dimmer than a femp.", COMPARISONS)
    assert (answers.answers, answers.restates) == ("q0", "")
    both = verdict("Of course, glon are dimmer than femp!", COMPARISONS)
    assert (both.answers, both.restates) == ("q0", "q0")
    wrong = verdict("Glon are brighter than femp.", COMPARISONS)
    assert (wrong.label, wrong.answers, wrong.restates) == ("contradicted", "", "q0")
    in_document = verdict("Femp are brighter than glon.", COMPARISONS)
    assert (in_document.answers, in_document.restates) == ("", "")
    distractor = verdict("Femp are dimmer than glon.", COMPARISONS)
    assert distractor.restates == "q2"


def test_duplicates_are_of_documents_and_of_earlier_statements() -> None:
    texts = ("yomp are more dangerous than trof", "Glon are dimmer than femp.", "- glon are dimmer than femp")
    assert [statement.duplicate for statement in audit(documents(*texts), COMPARISONS)] == [True, False, True]


def test_summary_counted_by_hand() -> None:
    texts = (
        "Glon are dimmer than femp.",  # entailed, accepted, answers and restates q0
        "Glon are dimmer than femp!",  # the same again: a duplicate
        "Femp are brighter than glon.",  # entailed, accepted: other words than those of the document
        "Glon are brighter than femp.",  # contradicted, restates q0
        "Zonk are old.",  # unknown
    )
    statements = audit(documents(*texts), COMPARISONS)
    generations = [generation(request(), "", new_tokens=30), generation(request(), "", new_tokens=12)]
    summary = summarise(statements, generations, seconds=4.0)
    assert dataclasses.asdict(summary) == {
        "statements": 5,
        "entailed": 3,
        "contradicted": 1,
        "unknown": 1,
        "duplicates": 1,
        "accepted": 2,
        "answers": 2,
        "restates": 3,
        "precision": 0.6,
        "leak_rate": 0.6,
        "tokens_per_accepted": 21.0,
        "seconds_per_accepted": 2.0,
    }


def test_summary_of_nothing() -> None:
    summary = summarise([], [generation(request(), "", new_tokens=8)], seconds=1.0)
    assert (summary.statements, summary.precision, summary.leak_rate, summary.tokens_per_accepted) == (0, 0.0, 0.0, 8.0)


def test_coverage_counted_by_hand() -> None:
    statements = audit(documents("All troff are yomp.", "Some troff are yomp.", "All yomp are troff."), SYLLOGISM)
    # Positive facts beyond the documents: all-ty (depth 1), some-yt (2), some-ty (3). "No kreb are yomp" is a denial.
    assert coverage(statements, SYLLOGISM) == [
        Coverage(kind="depth 1", stated=1, total=1),
        Coverage(kind="depth 2", stated=0, total=1),
        Coverage(kind="depth 3", stated=1, total=1),
        Coverage(kind="syllogism", stated=1, total=1),
    ]
    assert coverage(audit(documents("Glon are dimmer than femp."), COMPARISONS), COMPARISONS) == [
        Coverage(kind="depth 1", stated=1, total=2),
        Coverage(kind="rephrase", stated=0, total=1),
        Coverage(kind="reversal", stated=1, total=2),
    ]


def test_stated_targets_are_the_dose() -> None:
    assert stated_targets([], COMPARISONS) == set()
    assert stated_targets(documents("Glon are dimmer than femp."), COMPARISONS) == {"q0"}
    assert stated_targets(documents("Note that femp are brighter than glon. Yes."), COMPARISONS) == {"q2"}
    assert stated_targets(documents("It is false that glon are dimmer than femp."), COMPARISONS) == set()
    assert stated_targets(documents("Every troff is a yomp."), SYLLOGISM) == {"q0"}
    assert stated_targets(documents("All yomp are troff."), SYLLOGISM) == set()


def test_a_dataset_without_facts_knows_nothing_but_duplicates() -> None:
    own = dataset("The pump is old.")
    first, second = audit(documents("The pump is old!", "The pump is not old."), own)
    assert (first.label, first.duplicate) == ("unknown", True)
    assert (second.label, second.duplicate) == ("unknown", False)


def test_the_study_s_own_reversals_are_recognised() -> None:
    study = build(SimpleReversals(facts=28, documents_per_fact=3), 0)
    reversals = [question for question in study.questions if question.split == "reversal"]
    right = [question.prompt + question.choices[question.answer_index] for question in reversals]
    wrong = [question.prompt + question.choices[1 - question.answer_index] for question in reversals]
    assert {(item.label, item.depth) for item in audit(documents(*right), study)} == {("entailed", 1)}
    assert {item.label for item in audit(documents(*wrong), study)} == {"contradicted"}
    assert stated_targets(documents(*right), study) == {question.id for question in reversals}
    assert stated_targets(documents(*wrong), study) == set()


def test_statements_survive_parquet() -> None:
    statements = audit(documents("Glon are dimmer than femp.", "Zonk are old."), COMPARISONS)
    assert from_table(to_table(statements, AuditedStatement), AuditedStatement) == statements


SPECS = (
    SimpleReversals(facts=30, documents_per_fact=3),
    SimpleSyllogisms(documents=20),
    ReversalCurse(celebrities=4, documents_per_celebrity=6, questions_per_celebrity=4),
    SemanticStructure(categories=16, documents=40, qa_documents=4, questions_per_split=20),
    Process(documents=30, questions_per_split=10),
)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: str(spec.name))
def test_right_answers_of_every_dataset_are_entailed_and_wrong_ones_are_not(spec: DatasetSpec) -> None:
    world = build(spec, 0)
    right = [question.prompt + question.choices[question.answer_index] for question in world.questions]
    wrong = [
        question.prompt + choice
        for question in world.questions
        for number, choice in enumerate(question.choices)
        if number != question.answer_index
    ]
    assert {statement.label for statement in audit(documents(*right), world)} == {"entailed"}
    assert "entailed" not in {statement.label for statement in audit(documents(*wrong), world)}
    assert stated_targets(documents(*right), world) == {question.id for question in world.questions}
    # A syllogism's second premise is asked for behind the first, which is a target too.
    given = {question.id for question in world.questions if question.id.endswith("/major")}
    assert stated_targets(documents(*(question.prompt for question in world.questions)), world) == given
    assert stated_targets(documents(*wrong), world) == given


def test_every_wording_of_a_fact_is_recognised() -> None:
    world = build(SemanticStructure(categories=16, documents=40, qa_documents=4, questions_per_split=20), 0)
    said = [(fact.id, wording) for fact in world.facts for wording in fact.wordings]
    assert len(said) > 5 * len(world.facts)
    verdicts = audit(documents(*(wording for _, wording in said)), world)
    assert {item.label for item in verdicts} == {"entailed"}
    assert [item.fact_ids for item in verdicts] == [(fact,) for fact, _ in said]
