"""Packing, loss and schedule: packed rows must train exactly as separate ones."""

import math
from collections.abc import Sequence

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

from gensweep.config import Finetune
from gensweep.errors import UserError
from gensweep.training.batches import IGNORED, Tokens, batches, pack
from gensweep.training.engines import TorchEngine, forward
from gensweep.training.loop import learning_rate_at, loss_sum, micro_batch_count, train

VOCABULARY = 50


def llama() -> LlamaForCausalLM:
    torch.manual_seed(0)
    config = LlamaConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, vocab_size=VOCABULARY
    )
    return LlamaForCausalLM(config).eval()


def gpt2() -> GPT2LMHeadModel:
    torch.manual_seed(0)
    config = GPT2Config(
        n_embd=32, n_layer=2, n_head=4, vocab_size=VOCABULARY, resid_pdrop=0, embd_pdrop=0, attn_pdrop=0
    )
    return GPT2LMHeadModel(config).eval()


def tokens(lengths: Sequence[int], context: int = 0) -> list[Tokens]:
    generator = torch.Generator().manual_seed(1)
    made = []
    for length in lengths:
        ids = torch.randint(0, VOCABULARY, (length,), generator=generator).tolist()
        made.append(Tokens(ids=tuple(ids), is_target=tuple(place >= context for place in range(length))))
    return made


@pytest.mark.parametrize("build", [llama, gpt2])
@pytest.mark.parametrize("context", [0, 3])
def test_packed_loss_is_the_sum_of_the_losses_that_the_model_computes_alone(build, context):
    model, examples = build(), tokens([7, 30, 4, 12, 600, 5, 90], context)
    batch = pack(examples)
    with torch.no_grad():
        packed = loss_sum(forward(model, batch), batch.labels).item()
        alone = 0.0
        for example in examples:
            ids = torch.tensor([example.ids])
            labels = torch.where(torch.tensor([example.is_target]), ids, IGNORED)
            mean = model(input_ids=ids, labels=labels).loss.item()  # transformers' own shifted mean loss
            alone += mean * example.targets
    assert packed == pytest.approx(alone, rel=1e-5)


@given(st.lists(st.integers(2, 700), min_size=1, max_size=12))
@settings(max_examples=30, deadline=None)
def test_packing_keeps_every_target_once(lengths):
    examples = tokens(lengths)
    batch = pack(examples)
    wanted = sorted(example.ids[place] for example in examples for place in range(1, len(example.ids)))
    assert sorted(batch.labels[batch.labels != IGNORED].tolist()) == wanted
    assert batch.mask.shape == (len(batch.input_ids), 1, batch.input_ids.shape[1], batch.input_ids.shape[1])


def test_every_pass_meets_every_example_once():
    order = [index for batch in batches(count=10, batch_size=4, steps=5, seed=3) for index in batch]
    assert sorted(order[:10]) == sorted(order[10:]) == list(range(10))
    assert order[:10] != order[10:]


def test_schedules_by_hand():
    config = Finetune(steps=100, learning_rate=1.0, warmup_fraction=0.1, schedule="cosine")
    assert learning_rate_at(0, config) == pytest.approx(0.1)
    assert learning_rate_at(10, config) == pytest.approx(1.0)
    assert learning_rate_at(55, config) == pytest.approx(0.5)  # half-way down a half cosine
    linear = config.model_copy(update={"schedule": "linear"})
    assert learning_rate_at(77, linear) == pytest.approx(1 - 67 / 90)
    assert learning_rate_at(99, config.model_copy(update={"schedule": "constant"})) == 1.0


def test_first_loss_of_random_weights_is_near_that_of_a_uniform_guess():
    engine = TorchEngine(llama(), Finetune(steps=1, batch_size=4, precision="float32"))
    steps = train(engine, tokens([20] * 4), Finetune(steps=1, batch_size=4), seed=0, on_step=lambda step: None)
    assert steps[0].loss == pytest.approx(math.log(VOCABULARY), abs=0.3)
    assert steps[0].target_tokens == 4 * 19


def test_attention_is_dropped_in_training_alone():
    model, batch = llama(), pack(tokens([20] * 4))
    with torch.no_grad():
        whole = forward(model, batch)
        engine = TorchEngine(model, Finetune(attention_dropout=0.5, precision="float32"))
        passes = torch.stack([engine.logits(batch) for _ in range(200)])
        assert torch.equal(forward(model.eval(), batch), whole)
    assert not torch.equal(passes[0], passes[1])
    # Kept weights are scaled up, so that the mean of an attention's output, and nearly that of the logits, stays.
    assert (passes.mean(dim=0) - whole).abs().mean() < 0.3 * (passes - whole).abs().mean()


def test_a_model_without_such_attention_says_so():
    with pytest.raises(UserError, match="attention_dropout does not work with GPT2LMHeadModel"):
        TorchEngine(gpt2(), Finetune(attention_dropout=0.1))


def test_micro_batches_do_not_change_the_training():
    histories = []
    for size in (0, 3):
        config = Finetune(steps=6, batch_size=6, micro_batch_size=size, learning_rate=1e-2)
        engine = TorchEngine(llama(), config)
        histories.append(
            [step.loss for step in train(engine, tokens([9, 20, 5, 31, 8, 14, 11]), config, 0, lambda step: None)]
        )
    assert micro_batch_count(Finetune(batch_size=6, micro_batch_size=4)) == 2
    assert histories[0] == pytest.approx(histories[1], rel=1e-4)
    assert histories[0][-1] < histories[0][0]
