"""Scores equal those of plain forward passes over the whole text, whatever the architecture, context or packing."""

import dataclasses
import itertools
import math

import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import ARCHITECTURES, CORPUS, byte_level_bpe, plain_logprob, question, tiny, with_random_weights

from gensweep.errors import UserError
from gensweep.models.hf import HFModel
from gensweep.scoring.predictions import predicted

CONTEXT = "\n".join(CORPUS) + "\n\n"
QUESTIONS = [
    question("Femp are", " dimmer than glon.", " brighter than glon.", " dimmer than tword.", name="shared beginnings"),
    question(
        "Glon are brighter than", " femp", " a plalm, which is heavier than anything else", name="unequal lengths"
    ),
    question("Who is older?", " 12", " 12", " 1", name="one token, and equal choices"),
    question("The café of", " Daphne Barrington opened in 1998 — who knew?", " é", name="bytes"),
]


def plain_scores(model, context, questions):
    """Log-probabilities of every choice, each from its own forward pass; the parts are encoded apart."""

    def encode(text):
        return model.tokenizer(text, add_special_tokens=False).input_ids

    start = model.tokenizer(context).input_ids
    return [
        [plain_logprob(model, start + encode(item.prompt), encode(choice)) for choice in item.choices]
        for item in questions
    ]


def scored(model, context, questions):
    return [list(score.choice_logprobs) for score in model.score(context, questions)]


def assert_close(ours, theirs, tolerance=1e-4):
    assert [len(values) for values in ours] == [len(values) for values in theirs]
    for a, b in zip(itertools.chain(*ours), itertools.chain(*theirs), strict=True):
        assert a == pytest.approx(b, abs=tolerance)


@pytest.mark.parametrize("context", ["", CONTEXT], ids=["alone", "in context"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_scores_equal_plain_forward_passes(architecture, context):
    model = tiny(architecture)
    assert_close(scored(model, context, QUESTIONS), plain_scores(model, context, QUESTIONS))


def test_the_sliding_windows_are_shorter_than_what_is_scored():
    assert tiny().count_tokens(CONTEXT) > 3 * 24
    mistral = tiny("mistral, sliding window")
    assert mistral.count_tokens(QUESTIONS[3].prompt + QUESTIONS[3].choices[0]) > 16


def test_unconditional_scores_are_those_behind_the_start_token():
    for name in ("llama", "gpt2"):
        model = tiny(name)
        for item, score in zip(QUESTIONS, model.score(CONTEXT, QUESTIONS), strict=True):
            ids = [model.tokenizer(choice, add_special_tokens=False).input_ids for choice in item.choices]
            plain = [plain_logprob(model, [model.tokenizer.bos_token_id], choice) for choice in ids]
            assert list(score.choice_unconditional_logprobs) == pytest.approx(plain, abs=1e-4)
            assert list(score.choice_tokens) == [len(choice) for choice in ids]
            assert list(score.choice_bytes) == [len(choice.encode()) for choice in item.choices]


def test_without_a_start_token_a_text_begins_as_in_lm_evaluation_harness():
    model = tiny("llama", bos=None)
    end = model.tokenizer.eos_token_id
    first = next(model.score("", [question("", "Glon are bright", "Femp")]))
    ids = model.tokenizer("Glon are bright").input_ids
    assert first.choice_logprobs[0] == pytest.approx(plain_logprob(model, [end], ids), abs=1e-4)
    assert first.choice_logprobs == pytest.approx(first.choice_unconditional_logprobs, abs=1e-4)


def test_a_question_may_have_no_prompt_of_its_own():
    model = tiny()
    items = [question("", "Femp are dimmer", "Glon are dimmer"), question("", "Femp are brighter")]
    assert_close(scored(model, CONTEXT, items), plain_scores(model, CONTEXT, items))


@settings(max_examples=25, deadline=None)
@given(tokens=st.integers(1, 700), context=st.sampled_from(["", CONTEXT]), order=st.permutations(range(len(QUESTIONS))))
@pytest.mark.parametrize("architecture", ["llama", "gemma3, sliding window"])
def test_scores_depend_neither_on_batch_size_nor_on_neighbours(architecture, tokens, context, order):
    reference = tiny(architecture)
    model = HFModel(architecture, reference.module, reference.tokenizer)
    model._budget.tokens = tokens
    items = [QUESTIONS[index] for index in order]
    expected = scored(reference, context, QUESTIONS)
    assert_close(scored(model, context, items), [expected[index] for index in order])


def test_many_questions_share_passes():
    model = tiny()
    many = [
        question(f"{number} are", f" {a} than glon.", f" {b} than femp.") for number, (a, b) in enumerate(_pairs(60))
    ]
    assert_close(scored(model, CONTEXT, many), plain_scores(model, CONTEXT, many))


def _pairs(count):
    words = ["brighter", "dimmer", "heavier", "lighter", "older"]
    return itertools.islice(itertools.cycle(itertools.permutations(words, 2)), count)


def test_scoring_leaves_the_module_as_it_was():
    model = tiny("llama")
    module = model.module
    before = module.config._attn_implementation
    module.train()
    scores = model.score(CONTEXT, QUESTIONS)
    next(scores)
    assert module.training and module.config._attn_implementation == before  # also while the caller has the turn
    module.eval()
    list(scores)
    assert not module.training


def test_dropout_plays_no_part():
    config = transformers.GPT2Config(vocab_size=len(byte_level_bpe()), n_embd=32, n_layer=2, n_head=4, n_positions=512)
    model = HFModel("gpt2", with_random_weights(config).train(), byte_level_bpe())
    assert scored(model, CONTEXT, QUESTIONS) == scored(model, CONTEXT, QUESTIONS)


def test_bfloat16_agrees_within_its_precision():
    reference = tiny()
    module = transformers.LlamaForCausalLM(reference.module.config).to(torch.bfloat16).eval()
    module.load_state_dict(reference.module.state_dict())
    model = HFModel("llama", module, reference.tokenizer)
    for ours, theirs in zip(scored(model, CONTEXT, QUESTIONS), scored(reference, CONTEXT, QUESTIONS), strict=True):
        assert ours == pytest.approx(theirs, rel=0.05, abs=0.5)


def test_what_the_window_cannot_hold_is_refused_before_the_model_runs():
    model = tiny()
    long = CONTEXT * 8
    length = model.count_tokens(long) + 1
    with pytest.raises(UserError) as error:
        next(model.score(long, QUESTIONS))
    assert str(length) in str(error.value) and "512" in str(error.value) and "icl.subsample" in str(error.value)
    with pytest.raises(UserError, match="512"):
        model.check(long, QUESTIONS)
    model.check(CONTEXT, QUESTIONS)


def test_the_window_can_be_filled_to_the_last_token():
    model = tiny("gpt2")  # learned positions: one too many is an index error
    words = " ".join(["glon"] * 600)
    room = 512 - 1 - model.count_tokens("Femp are") - model.count_tokens(" dim")
    ids = model.tokenizer(words, add_special_tokens=False).input_ids[:room]
    context = model.tokenizer.decode(ids)
    assert model.count_tokens(context) == room
    item = question("\nFemp are", " dim")
    with pytest.raises(UserError, match="513"):
        next(model.score(context, [item]))
    item = question(" Femp are", " dim")
    over = 1 + room + model.count_tokens(" Femp are dim") - 512
    context = model.tokenizer.decode(ids[: room - max(0, over)])
    assert math.isfinite(next(model.score(context, [item])).choice_logprobs[0])


_TWO_LAYERS = {"vocab_size": 340, "num_hidden_layers": 2, "hidden_size": 32, "num_attention_heads": 4}
_GROUPED = _TWO_LAYERS | {"intermediate_size": 64, "num_key_value_heads": 2}


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        (transformers.Gemma2Config(**_GROUPED, head_dim=8), "softcap"),
        (transformers.Lfm2Config(**_GROUPED, layer_types=["conv", "full_attention"]), "Linear"),
        (transformers.BloomConfig(**_TWO_LAYERS), "attention"),
        (transformers.MambaConfig(vocab_size=340, hidden_size=32, num_hidden_layers=2), "LinearAttention"),
    ],
    ids=["capped scores", "hybrid", "ALiBi", "state space"],
)
def test_unsupported_architectures_are_refused_by_name(config, reason):
    module = with_random_weights(config)
    with pytest.raises(UserError, match=f"{type(module).__name__}.*{reason}"):
        HFModel("somebody/model", module, byte_level_bpe()).verify()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_supported_architectures_pass_verification(architecture):
    tiny(architecture).verify()


def test_verification_finds_attention_that_differs():
    model = HFModel("llama", with_random_weights(ARCHITECTURES["llama"](340)), byte_level_bpe())
    for layer in model.module.model.layers:
        layer.self_attn.layer_idx = 0  # as a model would do whose layers share keys: here both would mix
    with pytest.raises(UserError, match="log-probability"):
        model.verify()


def test_written_answers_are_transformers_greedy_texts_behind_a_context_that_is_read_once(monkeypatch):
    model = tiny("llama")
    reads, read = [], HFModel._read
    monkeypatch.setattr(HFModel, "_read", lambda self, ids: reads.append(len(ids)) or read(self, ids))
    start = model.tokenizer(CONTEXT).input_ids
    items, expected = [], []
    for number, prompt in enumerate(["Glon are", "Femp", "Who knew"]):
        ids = torch.tensor([start + model.tokenizer(prompt, add_special_tokens=False).input_ids])
        output = model.module.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=24, do_sample=False)
        text = model.tokenizer.decode(output[0, ids.shape[1] :], skip_special_tokens=True)
        pairs = [text[n : n + 2] for n in range(3, len(text) - 1)]
        stop = next(pair for pair in pairs if pair.isascii() and text.index(pair) >= 3)
        answer = text.split(stop)[0]
        items.append(dataclasses.replace(question(prompt, answer, name=f"q{number}"), stop=("never written", stop)))
        expected.append(answer)
    found = list(model.score(CONTEXT, items))
    assert [score.written for score in found] == expected
    assert [predicted(item, score) for item, score in zip(items, found, strict=True)] == [0, 0, 0]
    assert reads == [len(start)]
    with pytest.raises(UserError, match="question q0: context"):
        next(model.score(CONTEXT * 8, items))
