"""The training program: optimiser, texts as batches, and that a killed run goes on as if nothing had happened."""

import dataclasses
import random
from pathlib import Path

import pytest
import torch
from transformers import LlamaForCausalLM

from gensweep.datasets.lexicon import benchmark_words
from gensweep.models.tiny import embeddings, growth, tokenizer, train
from gensweep.models.tiny.curriculum import WORLDS, Level, all_words, known_words, seen_words, unseen_words
from gensweep.models.tiny.evaluate import meet_benchmark_words
from gensweep.models.tiny.layouts import in_context
from gensweep.models.tiny.muon import orthogonalised
from gensweep.models.tiny.texts import Encoder, batch, micro_batches
from gensweep.models.tiny.train import Recipe

VOCABULARY = tokenizer.build(all_words())
ENCODER = Encoder(VOCABULARY)
EXPERIMENT = Path(__file__).parents[3] / "experiments" / "builtin_model.yaml"


def recipe(**changes: object) -> Recipe:
    size = {
        "hidden_size": 64,
        "intermediate_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 4,
        "max_position_embeddings": 512,
    }
    level = Level(steps=4, facts=1, documents=1, worlds={"comparisons": 1.0}, layouts={"in_context": 1.0})
    settings = {
        "compile": False,
        "model": size,
        "tokens_per_step": 64,
        "probe_every": 2,
        "levels": (level,),
    }
    return train.load_recipe(EXPERIMENT).model_copy(update=settings | changes)


@pytest.mark.parametrize("shape", [(1, 8, 8), (2, 8, 20), (3, 20, 8)])
def test_orthogonalised_singular_values_are_near_one(shape: tuple[int, int, int]) -> None:
    """The iteration's fixed band is about 0.7 to 1.2, as its author states."""
    values = torch.linalg.svdvals(orthogonalised(torch.randn(shape, generator=torch.manual_seed(0))))
    assert values.min() > 0.5 and values.max() < 1.3


def test_a_killed_run_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    whole = train.train(recipe(), tmp_path / "whole")
    # A run killed after two steps leaves the checkpoint of its second step.
    train.train(recipe(), tmp_path / "killed", last=2)
    resumed = train.train(recipe(), tmp_path / "killed")
    for one, two in zip(whole.parameters(), resumed.parameters(), strict=True):
        torch.testing.assert_close(one, two)


def test_a_run_killed_around_its_expansion_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    first = dataclasses.replace(recipe().levels[0], steps=2)
    both = recipe(levels=(first, dataclasses.replace(first, expand=(0, 1, 1))), probe_every=1)
    whole = train.train(both, tmp_path / "whole")
    assert len(whole.model.layers) == 5
    for last in (2, 3):  # right before the first step of the larger model, and right behind it
        train.train(both, tmp_path / "killed", last=last)
    resumed = train.train(both, tmp_path / "killed")
    for one, two in zip(whole.parameters(), resumed.parameters(), strict=True):
        torch.testing.assert_close(one, two)


def test_a_grown_model_has_copies_behind_the_last_layer_copied_that_add_a_tenth() -> None:
    model = train.new_model(recipe(), VOCABULARY)
    grown = growth.expanded(model, (0, 1))
    sources = (0, 1, 0, 1, *range(2, len(model.model.layers)))
    for place, (layer, source) in enumerate(zip(grown.model.layers, sources, strict=True)):
        old, scale = model.model.layers[source], 0.1 if place in (2, 3) else 1.0
        torch.testing.assert_close(layer.self_attn.q_proj.weight, old.self_attn.q_proj.weight)
        torch.testing.assert_close(layer.self_attn.o_proj.weight, scale * old.self_attn.o_proj.weight)
        torch.testing.assert_close(layer.mlp.down_proj.weight, scale * old.mlp.down_proj.weight)


def test_the_word_in_between_is_read_off_at_the_first_word_of_the_question() -> None:
    rng, recipe_ = random.Random(3), recipe()
    segments = in_context(WORLDS["families"](seen_words(), 12, rng), 1, rng)
    text = ENCODER.encode(segments)
    vias = [segment.via for segment in segments if segment.via]
    assert [VOCABULARY.decode([word]) for _, word in text.bridges] == [f" {via}" for via in vias] != []
    asked = [segment.text.split()[0] for segment in segments if segment.via]
    assert [VOCABULARY.decode([text.ids[place]]).strip() for place, _ in text.bridges] == asked
    # The loss by hand: the model's own output at these places, read off after all of its layers but the last norm.
    model, part, layer = train.new_model(recipe_, VOCABULARY), batch([text]), 1
    plain, bridged = train.loss_of(model, part), train.loss_of(model, part, (layer, 0.5))
    states = model.model(part.ids, position_ids=part.positions, output_hidden_states=True).hidden_states[layer][0]
    rows = model.lm_head(model.model.norm(states)).log_softmax(-1)
    torch.testing.assert_close(bridged - plain, -0.5 * sum(rows[place, word] for place, word in text.bridges))


def test_the_learning_rate_falls_at_the_end_of_a_level_that_anneals() -> None:
    first, second = (dataclasses.replace(recipe().levels[0], steps=100, anneal=anneal) for anneal in (40, 0))
    both = recipe().model_copy(update={"levels": (first, second), "warmup_steps": 10})
    assert [train.factor(step, both) for step in (4, 50, 80, 104, 150, 199)] == [0.5, 1.0, 0.5, 0.5, 1.0, 1.0]
    assert train.factor(99, both) == pytest.approx(1 / 40)
    falling = recipe().model_copy(update={"levels": (first, second, first, first), "warmup_steps": 10})
    assert [train.factor(step, falling) for step in (99, 300, 380)] == pytest.approx([1 / 40, 1.0, 0.5])


def test_an_ablation_leaves_out_what_it_names() -> None:
    level = dataclasses.replace(recipe().levels[0], layouts={"in_context": 0.5, "local": 0.3, "statement": 0.2})
    full = recipe().model_copy(update={"levels": (level, level, level)})
    ablated = train.ablated(full, 2, ["local"])
    assert [dict(level.layouts) for level in ablated.levels] == [{"in_context": 0.5, "statement": 0.2}] * 2


def test_padding_changes_no_loss() -> None:
    model = train.new_model(recipe(), VOCABULARY)
    rng = random.Random(0)
    texts = [ENCODER.encode(in_context(WORLDS["comparisons"](seen_words(), n, rng), 1, rng)) for n in (1, 3, 5)]
    together = train.loss_of(model, batch(texts))
    apart = sum(train.loss_of(model, batch([text])) for text in texts)
    torch.testing.assert_close(together, apart)


def test_micro_batches_hold_every_text_within_their_size() -> None:
    rng = random.Random(0)
    texts = [ENCODER.encode(in_context(WORLDS["comparisons"](seen_words(), n % 9 + 1, rng), 1, rng)) for n in range(40)]
    parts = list(micro_batches(texts, 600))
    assert sum(len(part.ids) for part in parts) == 40
    assert all(part.ids.numel() <= 600 for part in parts)


def test_spread_positions_rise_within_the_window_and_keep_answers_behind_their_cue() -> None:
    rng = random.Random(0)
    for _ in range(50):
        segments = in_context(WORLDS["comparisons"](seen_words(), 3, rng), 1, rng)
        text = ENCODER.encode(segments, rng, 4096)
        steps = [b - a for a, b in zip(text.positions, text.positions[1:], strict=False)]
        assert text.positions[0] == 0 and text.positions[-1] < 4096 and min(steps) == 1
        assert all(step == 1 for step, weight in zip(steps, text.weights[1:], strict=True) if weight == 1.0)


def test_a_fresh_model_looks_back_and_finds() -> None:
    """Heads of the first layer see 1, 2, 3 and 4 tokens back; one of the second what stood behind the same token."""
    full = train.load_recipe(EXPERIMENT)
    model = train.new_model(full, VOCABULARY).eval()
    model.set_attn_implementation("eager")
    one, two, three, four = unseen_words()[:4]
    text = f"{one} are brighter than {two}.\n{three} are slower than {four}.\n\n{three} are"
    ids = torch.tensor([VOCABULARY(text)["input_ids"]])
    with torch.no_grad():
        layers = model(input_ids=ids, output_attentions=True).attentions
    last = ids.shape[1] - 1
    distances = torch.arange(last + 1)[:, None] - layers[0][0].argmax(-1).T
    assert distances[6:].mode(dim=0).values.tolist() == [1, 2, 3, 4]
    tokens = VOCABULARY.convert_ids_to_tokens(ids[0].tolist())
    assert tokens[int(layers[1][0, 0, last].argmax())] in ("\u0120brighter", "\u0120slower")


def word_embeddings(model: LlamaForCausalLM, words: int) -> torch.Tensor:
    """``(words, spellings, width)``."""
    return embeddings.by_word(model.get_input_embeddings().weight.detach(), words)


def test_training_moves_all_words_alike_and_benchmark_words_with_them(tmp_path: Path) -> None:
    """The differences between words stay the random ones, so that a word never met is like any other."""
    words, width = len(all_words()), recipe().model["hidden_size"]
    fresh, trained = train.new_model(recipe(), VOCABULARY), train.train(recipe(), tmp_path)
    moved = word_embeddings(trained, words) - word_embeddings(fresh, words)
    assert moved.abs().max() > 1e-4
    torch.testing.assert_close(moved, moved[:1].expand_as(moved), atol=1e-5, rtol=0)
    shift = word_embeddings(trained, words)[:1] - embeddings.random_words(words, width, recipe().seed)[:1]
    meet_benchmark_words(trained, recipe().seed)
    assert trained.config.vocab_size == len(tokenizer.build(benchmark_words()))
    new = word_embeddings(trained, len(benchmark_words()))
    random_part = embeddings.random_words(len(benchmark_words()), width, recipe().seed + 1)
    torch.testing.assert_close(new - random_part, shift.expand_as(new), atol=1e-5, rtol=0)


def test_fresh_words_are_new_vectors_with_what_training_adds_to_all(tmp_path: Path) -> None:
    words, width = len(all_words()), recipe().model["hidden_size"]
    levels = tuple(dataclasses.replace(level, fresh_words=True) for level in recipe().levels)
    rows = word_embeddings(train.train(recipe(levels=levels), tmp_path), words)
    first, known = embeddings.random_words(words, width, recipe().seed), len(known_words("large"))
    added = (rows[:known] - first[:known]).mean(dim=0)
    torch.testing.assert_close(rows[:known], first[:known] + added, atol=1e-5, rtol=0)
    new = rows[known:] - added
    torch.testing.assert_close(new, new[:, :1].expand_as(new), atol=1e-5, rtol=0)  # one vector in all spellings
    cosines = torch.cosine_similarity(new[:, 0], first[known:, 0], dim=-1)
    assert cosines.abs().max() < 0.8 and cosines.mean().abs() < 3 / (width * len(cosines)) ** 0.5
