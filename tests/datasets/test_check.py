"""Each rule of the leak check, broken on purpose in a dataset that is sound otherwise."""

import dataclasses

import pytest

from gensweep.datasets import check
from gensweep.records import Dataset, Document, Fact, Question
from tests.datasets.samples import DOCUMENT, QUESTION, REVERSED, SOUND, STATED

replace = dataclasses.replace


def with_document(text: str, *fact_ids: str) -> Dataset:
    return replace(SOUND, documents=(DOCUMENT, Document(id="d2", text=text, fact_ids=fact_ids)))


def with_question(**changes: object) -> Dataset:
    return replace(SOUND, questions=(replace(QUESTION, **changes),))


def test_a_sound_dataset_breaks_no_rule() -> None:
    assert check.violations(SOUND) == ()


BROKEN = {
    "an id is used twice": replace(SOUND, questions=(QUESTION, QUESTION)),
    "a fact id that does not exist is referred to": with_question(fact_ids=("nowhere",)),
    "a document is empty": with_document("  \n"),
    "the answer is not among the choices": with_question(answer_index=2),
    "there are fewer than two choices": with_question(choices=(" dimmer than femp.",)),
    "a choice stands twice": with_question(choices=(" dimmer than femp.", " dimmer than femp.")),
    "the prompt is empty or ends with white space": with_question(prompt="glon are "),
    "a choice does not start with one space and a text": with_question(choices=("dimmer than femp.", " brighter.")),
    "no document states a fact that the answer needs": replace(SOUND, documents=(replace(DOCUMENT, fact_ids=()),)),
    "the asserted fact does not follow from stated facts": replace(
        SOUND, facts=(STATED, replace(REVERSED, premises=()))
    ),
    "a document states the asserted fact": with_document("Of the two, it is femp that shine.", "r"),
    "a document has the wording of the right answer": with_document("I hear Glon are\n dimmer than FEMP!"),
    "a document has another wording of the asserted fact": replace(
        with_document("At night, FEMP outshine glon."),
        facts=(STATED, replace(REVERSED, text="Glon are dimmer than femp.", wordings=("Femp outshine glon.",))),
    ),
    "a sentence of a document has the asserted fact's two ends in the order that is asked": with_document(
        "Next to glon, how bright are femp."
    ),
    "a wrong choice follows from stated facts": replace(
        SOUND, facts=(STATED, REVERSED, replace(REVERSED, id="also", text="Glon are brighter than femp."))
    ),
    "documents do not relate the held-out category with exactly one other": replace(
        with_document("Dill are glon.", "second"),
        facts=(STATED, REVERSED, Fact(id="second", subject="dill", relation="is a", object="glon")),
        questions=(replace(QUESTION, split="category_holdout"),),
    ),
    "a document states a wrong choice": with_document("It is true that glon are brighter than femp."),
    "a wrong choice is right where the same prompt is asked again": replace(
        SOUND, questions=(QUESTION, replace(QUESTION, id="q2", answer_index=1))
    ),
}


@pytest.mark.parametrize("rule", BROKEN)
def test_a_broken_rule_is_found_and_names_its_record(rule: str) -> None:
    found = {violation.rule: violation.ids for violation in check.violations(BROKEN[rule])}
    assert rule in found
    assert set(found[rule]) <= {"q", "q2", "d2"} and found[rule]


def test_same_triple_under_another_id_counts_as_stated() -> None:
    twin = Fact(id="twin", subject="glon", relation="dimmer than", object="femp")
    leaky = replace(with_document("One of the two is the lesser light.", "twin"), facts=(STATED, REVERSED, twin))
    assert "a document states the asserted fact" in {violation.rule for violation in check.violations(leaky)}


def test_sentences_keep_apart_what_stands_in_two_of_them() -> None:
    assert check.violations(with_document("I saw glon. Then came femp.")) == ()


def test_asking_what_is_stated_is_allowed_in_rephrase_only() -> None:
    again = Question(
        id="again",
        prompt="femp are",
        choices=(" brighter than glon.", " dimmer than glon."),
        answer_index=0,
        split="rephrase",
        group="f",
        fact_ids=("f",),
        target_fact_id="f",
    )
    assert check.violations(replace(SOUND, questions=(again,))) == ()
    rules = {
        violation.rule for violation in check.violations(replace(SOUND, questions=(replace(again, split="holdout"),)))
    }
    assert rules == {"a document states the asserted fact", "a document has the wording of the right answer"}


def test_a_whole_statement_as_choice_is_looked_up_without_its_prompt() -> None:
    question = replace(
        QUESTION, prompt="Of the two:", choices=(" Glon are dimmer than femp.", " Glon are brighter than femp.")
    )
    leaky = replace(with_document("They say glon are dimmer than femp."), questions=(question,))
    assert "a document has the wording of the right answer" in {violation.rule for violation in check.violations(leaky)}


def test_another_object_of_the_same_relation_is_no_wrong_choice() -> None:
    like = Fact(id="f", subject="femp", relation="like", object="glon")
    eaten = Fact(id="g", subject="femp", relation="like", object="ripe yomp")
    follows = [
        Fact(id=f"{f.id}/r", subject="dill", relation="like", object=f.object, premises=(f.id,)) for f in (like, eaten)
    ]
    asked = replace(QUESTION, prompt="dill like", choices=(" the glon.", " the ripe Yomp."), target_fact_id="f/r")
    documents = tuple(Document(id=f.id, text=f"I know {f.id}.", fact_ids=(f.id,)) for f in (like, eaten))
    world = replace(SOUND, facts=(like, eaten, *follows), documents=documents)
    rules = [violation.rule for violation in check.violations(replace(world, questions=(asked,)))]
    assert rules == ["a wrong choice follows from stated facts"]
    other = replace(asked, choices=(" the glon.", " the yomp."))
    assert check.violations(replace(world, questions=(other,))) == ()


def test_what_is_asked_in_the_trained_direction_must_be_stated() -> None:
    rules = {violation.rule for violation in check.violations(with_question(split="rephrase"))}
    assert rules == {"no document states a fact that the answer needs"}


def test_a_derivation_in_a_circle_is_no_derivation() -> None:
    first = Fact(id="f", subject="a", relation="is", object="b", premises=("r",))
    second = Fact(id="r", subject="b", relation="is", object="a", premises=("f",))
    circular = replace(SOUND, facts=(first, second), documents=(Document(id="d", text="Nothing."),))
    rules = {
        violation.rule for violation in check.violations(replace(circular, questions=(replace(QUESTION, fact_ids=()),)))
    }
    assert rules == {"the asserted fact does not follow from stated facts"}


def test_a_violation_names_five_ids_and_counts_the_rest() -> None:
    violation = check.Violation(rule="a document is empty", ids=tuple("abcdefg"))
    assert str(violation) == "a document is empty: a, b, c, d, e and 2 more"
