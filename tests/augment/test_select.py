"""What stays: near-duplicates, the world's filter, the model's own judgement, and the limit of failures."""

import pytest

from gensweep.augment import failures, judge, plan, select
from gensweep.augment.near_duplicates import Seen
from gensweep.errors import UserError
from gensweep.models.fake import FakeModel
from gensweep.records import Document, GenerationRequest
from gensweep.specs import Augmentation
from tests.augment.test_parsing import request
from tests.augment.worlds import COMPARISONS, WORDS, dataset, generation

PUMP = "The pump of the northern station was replaced in 1987 by a model from the works in Leeds, which still runs."


def documents(*texts: str, asked: str = "local/1") -> list[Document]:
    return [Document(id=f"{asked}/{number}", text=text, source_id="d0") for number, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("text", "near"),
    [
        (PUMP.upper(), True),
        (PUMP.replace("which still runs", "which still runs well"), True),  # Jaccard 17/19
        (PUMP.replace("1987", "1988"), False),
        (PUMP.replace("was replaced", "was not replaced"), False),
        (PUMP.replace("The pump of the northern station", "A valve at our southern depot"), False),
        ("A model from the works in Leeds replaced the pump of the northern station in 1987.", False),
    ],
)
def test_near_duplicates_have_nearly_the_same_words_in_order(text: str, near: bool) -> None:
    seen = Seen()
    assert not seen.add(PUMP)
    assert seen.add(text) is near


def test_short_texts_are_near_duplicates_of_themselves_only() -> None:
    seen = Seen()
    assert [seen.add(text) for text in ("a b", "b a", "a b", "a", "a b c d", "a b c e")] == [False] * 2 + [True] + [
        False
    ] * 3


def test_near_duplicates_leave_own_documents_only() -> None:
    own = dataset(f"A first sentence. {PUMP}")
    statements = documents(
        PUMP.replace("runs", "runs well"), "The pump was replaced in 1987.", "The pump was replaced in 1987"
    )
    kept, rejections = select(statements, own, Augmentation(strategy="local"))
    assert [document.id for document in kept] == ["local/1/1"]
    assert [(rejection.request_id, rejection.reason) for rejection in rejections] == [("local/1", "near-duplicate")] * 2
    assert select(documents("Glon are old.", "Glon are old!"), COMPARISONS, Augmentation(strategy="local"))[1] == []


def test_filter_audit_keeps_what_is_entailed() -> None:
    statements = documents("Glon are dimmer than femp.", "Glon are brighter than femp.", "Zonk are old.")
    kept, rejections = select(statements, COMPARISONS, Augmentation(strategy="local", filter="audit"))
    assert kept == statements[:1]
    assert [(rejection.text, rejection.reason) for rejection in rejections] == [
        ("Glon are brighter than femp.", "not entailed"),
        ("Zonk are old.", "not entailed"),
    ]


def test_filter_audit_needs_a_world() -> None:
    with pytest.raises(UserError, match=r"dataset own has none: set it to judge or none"):
        plan(dataset("The pump is old."), Augmentation(strategy="local", filter="audit"), 0, WORDS)


def judged(strategy: str) -> tuple[list[GenerationRequest], list[GenerationRequest]]:
    settings = Augmentation.model_validate({"strategy": strategy, "filter": "judge", "temperature": 0.9, "samples": 2})
    originals = plan(COMPARISONS, settings, 0, WORDS)
    statements = [
        Document(id=f"{asked.id}/0", text=f"Statement {number}.", source_id=asked.source_id)
        for number, asked in enumerate(originals)
    ]
    return originals, judge.plan(statements, originals, COMPARISONS, settings, WORDS)


def test_judge_of_a_global_statement_reads_the_corpus_once() -> None:
    originals, requests = judged("global")
    assert len(requests) == len(originals)
    assert {asked.context for asked in requests} == {originals[0].context}
    assert all((asked.temperature, asked.seed) == (0.0, 0) for asked in requests)
    assert len({asked.id for asked in requests}) == len(requests)


def test_judge_of_a_local_statement_reads_its_sentence() -> None:
    _, requests = judged("local")
    assert {asked.context for asked in requests} == {document.text + "\n\n" for document in COMPARISONS.documents}


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (" Yes", True),
        ("yes.", True),
        ("**Yes**, it does", True),
        ("<think>No? Well …</think>\nYes", True),
        (" No", False),
        ("No. Yes would be wrong", False),
        ("Yesterday", False),
        ("<think>yes", False),
        ("", False),
    ],
)
def test_judge_takes_only_a_yes(said: str, kept: bool) -> None:
    statement = documents("Glon are dimmer than femp.")
    asked = request("judge/1")
    confirmed, rejections = judge.select(statement, [asked], [generation(asked, said)])
    assert (len(confirmed), len(rejections)) == (kept, not kept)
    assert all(rejection.reason == "not confirmed" for rejection in rejections)


def test_judge_keeps_the_reason_of_a_failure() -> None:
    asked = request("judge/1")
    _, (rejection,) = judge.select(documents("A b c."), [asked], [generation(asked, "out of memory", finish="error")])
    assert rejection.text == "A b c. [out of memory]"


def test_judge_requests_run_on_a_model() -> None:
    originals, requests = judged("local+global")
    statements = [Document(id=f"{asked.id}/0", text="Glon are old.", source_id=asked.source_id) for asked in originals]
    kept, rejections = judge.select(statements, requests, FakeModel().generate(requests))
    assert len(kept) + len(rejections) == len(statements)


def test_too_many_failures_stop_early_with_samples() -> None:
    reasons = ["too long", "too long", "status 500", "refused"]
    failures.check(16, reasons, max_failures=0.25)
    failures.check(4, reasons, max_failures=0.25)  # too few to say
    with pytest.raises(UserError, match=r"^5 of the first 17 .* 0\.25 allows: too long; status 500; refused$"):
        failures.check(17, [*reasons, "too long"], max_failures=0.25)
