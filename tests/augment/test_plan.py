"""Prompts of the strategies, against golden files; windows; requests that depend on nothing but their content."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gensweep.augment import Window, judge, plan
from gensweep.augment.global_ import describe
from gensweep.augment.prompt_files import PACKAGED, load_prompt
from gensweep.augment.wording import words
from gensweep.datasets import build, lexicon
from gensweep.datasets.features import FEATURES, LEAD_INS
from gensweep.errors import UserError
from gensweep.records import Document, GenerationRequest
from gensweep.specs import Augmentation, DatasetSpec
from tests.augment.test_audit import SPECS
from tests.augment.worlds import WORDS, dataset

GOLDEN = Path(__file__).with_name("golden")
THREE = dataset(
    "Did you know that femp are brighter than glon?",
    "Yomp are old. Bliv are wider\n  than trof.",
    "Glon are warmer than yomp.",
)
FUNCTION_WORDS = set(
    "a all an are as be by compared every has have if in is it less more no not of one some something than that the"
    " then to was with who".split()
)


def golden(name: str) -> tuple[str, str]:
    context, _, prompt = (GOLDEN / f"{name}.txt").read_text(encoding="utf-8").partition("␞\n")
    return context, prompt.removesuffix("\n")


def in_tags(message: str) -> str:
    return f"<|user|>{message}<|end|><|assistant|>"


def asked(strategy: str, window: Window = WORDS, seed: int = 0, **values: object) -> list[GenerationRequest]:
    return plan(THREE, Augmentation.model_validate({"strategy": strategy, **values}), seed, window)


def test_global_prompt_is_the_golden_one() -> None:
    request = asked("global")[1]
    assert (request.context, request.prompt) == golden("global")
    assert (request.source_id, request.start, request.end) == ("d1", 0, len(THREE.documents[1].text))
    assert request.stop == ("\n\n", "Document:")


def test_local_prompt_is_the_golden_one_with_the_sentence_s_place() -> None:
    requests = asked("local", prompt="local_zero_shot")
    assert [request.source_id for request in requests] == ["d0", "d1", "d1", "d2"]
    request = requests[2]
    assert (request.context, request.prompt) == golden("local_zero_shot")
    assert THREE.documents[1].text[request.start : request.end] == "Bliv are wider\n  than trof."
    assert request.stop == ("\n\n", "Statement:")


def test_judge_prompt_is_the_golden_one() -> None:
    settings = Augmentation(strategy="local", filter="judge")
    requests = asked("local")
    statement = Document(id=f"{requests[2].id}/0", text="Trof are narrower than bliv.", source_id="d1", origin="local")
    (request,) = judge.plan([statement], requests, THREE, settings, WORDS)
    assert (request.context, request.prompt) == golden("judge")


def test_own_prompt_in_a_chat_template_is_the_golden_one(tmp_path: Path) -> None:
    path = tmp_path / "own.txt"
    path.write_text("All documents:\n{documents}\n\nDocument: {document}\nWhat follows?\n")
    window = Window(size=1000, count_tokens=WORDS.count_tokens, chat=in_tags)
    request = asked("global", window, prompt=str(path), chat=True)[1]
    assert (request.context, request.prompt) == golden("global_in_chat")
    assert request.stop == ("Document:",)  # a reply may have blank lines


def test_few_shot_prompt_has_all_examples_as_shared_context() -> None:
    requests = asked("local")
    assert {request.context for request in requests} == {load_prompt("local").context}
    assert requests[0].context.count("Implies:") >= 9
    assert requests[0].prompt == "Statement: Did you know that femp are brighter than glon?\nImplies:\n-"


def test_both_strategies_are_asked_and_ids_tell_them_apart() -> None:
    requests = asked("local+global")
    assert [request.id.split("/")[0] for request in requests] == ["local"] * 4 + ["global"] * 3
    assert len({request.id for request in requests}) == 7
    assert plan(THREE, Augmentation(), 0, WORDS) == []


def test_repeated_sentences_and_documents_are_asked_once() -> None:
    twice = dataset("Femp are old.", "Femp are  old.\n", "Glon are old. Femp are old.")
    assert len(plan(twice, Augmentation(strategy="local"), 0, WORDS)) == 2
    assert len(plan(twice, Augmentation(strategy="global"), 0, WORDS)) == 2


def test_seeds_are_per_request_and_only_where_sampling_happens() -> None:
    cold = asked("local", seed=1)
    assert cold == asked("local", seed=2)
    assert {request.seed for request in cold} == {0}
    warm = asked("local", seed=1, temperature=0.7, samples=3)
    assert len(warm) == 12
    assert len({request.seed for request in warm}) == 12
    assert warm == asked("local", seed=1, temperature=0.7, samples=3)
    assert not {request.id for request in warm} & {r.id for r in asked("local", seed=2, temperature=0.7, samples=3)}


@settings(max_examples=60, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 30), min_size=1, max_size=40),
    room=st.integers(31, 200),
    seed=st.integers(0, 9),
)
def test_windows_fit_cover_every_document_and_overlap(lengths: list[int], room: int, seed: int) -> None:
    corpus = dataset(*(f"w{number} " + "x " * (length - 1) for number, length in enumerate(lengths)))
    settings = Augmentation(strategy="global", max_tokens=10)
    window = Window(size=10 + 3 + 30 + room, count_tokens=lambda text: len(text.split()))  # 3: the prompt's own words
    requests = plan(corpus, settings, seed, window)
    assert requests == plan(corpus, settings, seed, window)
    assert {request.source_id for request in requests} == {document.id for document in corpus.documents}
    longest = max(len((request.context + request.prompt).split()) for request in requests)
    assert longest + settings.max_tokens <= window.size
    contexts = list(dict.fromkeys(request.context for request in requests))
    for request in requests:
        assert request.prompt.split("\n")[0].removeprefix("Document: ") in request.context.split("\n")
    if len(contexts) > 1:
        ring = [set(context.split("\n")) - {""} for context in contexts]
        wide = [len(lines) > 1 for lines in ring]
        assert all(ring[i] & ring[i + 1] or not wide[i] for i in range(len(ring) - 1))


def test_windows_are_reported() -> None:
    corpus = dataset(*(f"Number {number} is a document of eight words." for number in range(20)))
    few = plan(
        corpus, Augmentation(strategy="global", max_tokens=10), 0, Window(size=80, count_tokens=WORDS.count_tokens)
    )
    windows = len({request.context for request in few})
    sizes = [len(context.split("\n")) - 2 for context in {request.context for request in few}]
    assert describe(few) == (
        "global augmentation: 20 documents exceed the generator's window, so "
        f"{windows} overlapping windows of {min(sizes)} to {max(sizes)} documents cover them"
    )
    assert windows >= 2 * 20 * 8 // 80
    assert describe(asked("global")) == "global augmentation: all 3 documents fit one window"
    assert describe(asked("local")) == ""


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: str(spec.name))
def test_examples_of_the_prompts_share_no_content_word_with_a_dataset(spec: DatasetSpec) -> None:
    world = build(spec, 0)
    asked = [question.prompt + choice for question in world.questions for choice in question.choices]
    used = {word for text in (*(document.text for document in world.documents), *asked) for word in words(text)}
    lines = [line for path in PACKAGED.glob("*.txt") for line in path.read_text(encoding="utf-8").splitlines()]
    examples = [line for line in lines if line.startswith(("Statement:", "- ")) and "{" not in line]
    assert len(examples) > 40
    assert {word for line in examples for word in words(line.removeprefix("Statement:"))} & used <= FUNCTION_WORDS


def test_examples_of_the_prompts_share_no_content_word_with_any_lexicon() -> None:
    text = " ".join(path.read_text(encoding="utf-8") for path in PACKAGED.glob("*.txt"))
    features = {word for feature in FEATURES for word in words(f"{feature.comparative} {feature.opposite}")}
    used = {*lexicon.benchmark_words(), *features, *(word for lead_in in LEAD_INS for word in words(lead_in))}
    assert {*words(text)} & used <= FUNCTION_WORDS


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("Say more.", "lacks the placeholder {sentence}"),
        ("{documents}\n\nSay more.", "lacks the placeholder {document}, which a global prompt needs"),
        ("Say more: {document}", "lacks the placeholder {documents}, which a global prompt needs"),
        ("{documents} {document}", "leave a blank line between {documents} and the lines of {document}"),
    ],
)
def test_a_prompt_file_without_its_placeholders_is_refused(text: str, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "own.txt"
    path.write_text(text)
    with pytest.raises(UserError, match=re.escape(complaint)) as caught:
        asked("local", prompt=str(path))
    assert str(path) in str(caught.value)


def test_prompt_of_another_strategy_is_refused_but_serves_one_of_two(tmp_path: Path) -> None:
    path = tmp_path / "own.txt"
    path.write_text("Sentence: {sentence}\nSo:")
    with pytest.raises(UserError, match=r"lacks the placeholder \{document\}, which a global prompt needs"):
        asked("global", prompt=str(path))
    requests = asked("local+global", prompt=str(path))
    assert [request.prompt.split()[0] for request in requests] == ["Sentence:"] * 4 + ["Document:"] * 3


def test_an_own_judge_prompt_serves_the_judge_alone(tmp_path: Path) -> None:
    path = tmp_path / "strict.txt"
    path.write_text("Notes: {evidence}\n\nClaim: {statement}\nProven, yes or no?\n")
    settings = Augmentation(strategy="local", filter="judge", prompt=str(path))
    requests = plan(THREE, settings, 0, WORDS)
    assert requests == asked("local")
    statement = Document(id=f"{requests[0].id}/0", text="Glon are dimmer.", source_id=requests[0].source_id)
    (request,) = judge.plan([statement], requests, THREE, settings, WORDS)
    assert request.context == f"Notes: {THREE.documents[0].text}\n\n"
    assert request.prompt == "Claim: Glon are dimmer.\nProven, yes or no?"
    with pytest.raises(UserError, match=r"lacks the placeholder \{sentence\}, which a local prompt needs"):
        asked("local", prompt=str(path))


def test_unknown_prompt_names_the_nearest() -> None:
    with pytest.raises(UserError, match=r"no prompt file globall \(did you mean 'global'\?\)"):
        asked("global", prompt="globall")


def test_what_does_not_fit_is_refused_with_the_excess() -> None:
    narrow = Window(size=25, count_tokens=WORDS.count_tokens)
    with pytest.raises(UserError, match=r"document d0 fits no window: .* exceeds the generator's 25 tokens by 6"):
        # twice the 9 words of d0 and 3 of the prompt leave 4 of 25 tokens for 10 new ones
        asked("global", narrow, max_tokens=10)
    with pytest.raises(UserError, match="use the prompt local_zero_shot"):
        asked("local", narrow, max_tokens=10)


def test_chat_without_a_chat_template_is_refused() -> None:
    with pytest.raises(UserError, match="generator alpha has no chat template: set chat to false"):
        asked("global", chat=True, generator="alpha")
