"""The vLLM generator on a small random Llama, against the generator of transformers; needs vLLM's own environment."""

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("vllm", reason="vLLM has its own environment: make test-vllm")
pytestmark = pytest.mark.slow

from transformers import LlamaConfig, LlamaForCausalLM  # noqa: E402

from gensweep.augment import Window, plan  # noqa: E402
from gensweep.datasets import build  # noqa: E402
from gensweep.errors import UserError  # noqa: E402
from gensweep.models import hub, pretrained  # noqa: E402
from gensweep.models.hf import HFModel  # noqa: E402
from gensweep.models.vllm import VLLMModel  # noqa: E402
from gensweep.records import GenerationRequest  # noqa: E402
from gensweep.specs import Augmentation, SimpleReversals  # noqa: E402
from gensweep.store import Store  # noqa: E402

os.environ |= {"VLLM_CPU_KVCACHE_SPACE": "1", "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1"}
CONTEXT = "Femp are brighter than glon. Yomp are older than troff.\n\n"


def request(number: int, *, temperature: float = 0.0, seed: int = 0, max_tokens: int = 12) -> GenerationRequest:
    return GenerationRequest(
        id=f"global/{number}",
        source_id="d",
        context=CONTEXT,
        prompt=f"Document: number {number}.\nInferences:\n-",
        max_tokens=max_tokens,
        temperature=temperature,
        stop=(),
        seed=seed,
    )


def too_long() -> GenerationRequest:
    return dataclasses.replace(request(0), id="local/long", context="", prompt="x" * 2000)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Llama over bytes, with heads of 64 dimensions as vLLM's attention on CPU wants them."""
    folder = tmp_path_factory.mktemp("model")
    tokenizer = pretrained.byte_tokenizer()
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=1024,
        initializer_range=0.1,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def plain(folder: Path) -> HFModel:
    return pretrained.read(str(folder), folder)


@pytest.fixture(scope="module")
def model(folder: Path) -> Iterator[VLLMModel]:
    model = VLLMModel(f"vllm:{folder}")
    yield model
    model._llm.llm_engine.engine_core.shutdown()


def test_through_ray_data_it_writes_the_same(model: VLLMModel, tmp_path: Path) -> None:
    ray = pytest.importorskip("ray")
    from gensweep.augmenting import cut, stored_block
    from gensweep.distributed import cluster
    from gensweep.distributed.generate import ray_generate

    ending = dataclasses.replace(request(0), id="global/stop", stop=(next(iter(model.generate([request(0)]))).text[3],))
    sampled = [request(number, temperature=1.0, seed=number) for number in range(5, 9)]
    asked = [*(request(number) for number in range(5)), *sampled, ending, too_long()]
    here = {item.request_id: item for item in model.generate(asked)}
    store, blocks, heard = Store(str(tmp_path)), cut(asked, model.name), []
    with cluster.connected("local"):
        ray_generate(cluster.Share(cpus=1, gpus=0, slots=1))(blocks, model.name, store, heard.append)
    assert not ray.is_initialized()
    there = {item.request_id: item for block in blocks for item in stored_block(block, store)}
    assert there == here
    assert sorted(heard) == sorted(block.key for block in blocks)
    assert (here["global/stop"].finish, here["global/0"].finish, here["local/long"].finish) == (
        "stop",
        "length",
        "error",
    )


def test_greedy_texts_are_those_of_transformers(model: VLLMModel, plain: HFModel) -> None:
    requests = [request(number) for number in range(5)]
    expected = {item.request_id: item for item in plain.generate(requests)}
    answers = {item.request_id: item for item in model.generate(requests)}
    assert answers.keys() == expected.keys()
    for identifier, answer in answers.items():
        assert answer.prompt_tokens == expected[identifier].prompt_tokens
        assert (answer.finish, answer.new_tokens) == (expected[identifier].finish, expected[identifier].new_tokens)
        # vLLM holds back the bytes of a character that is not complete.
        assert answer.text.rstrip("\ufffd") == expected[identifier].text.rstrip("\ufffd")


def test_seeds_are_per_request(model: VLLMModel) -> None:
    first = [item.text for item in model.generate([request(0, temperature=1.0, seed=seed) for seed in (1, 2)])]
    again = [item.text for item in model.generate([request(0, temperature=1.0, seed=seed) for seed in (2, 1)])]
    assert first == again[::-1]
    assert first[0] != first[1]


def test_what_does_not_fit_is_an_error_of_its_own(model: VLLMModel) -> None:
    assert model.window == 1024
    answers = {item.request_id: item.finish for item in model.generate([too_long(), request(0)])}
    assert answers["local/long"] == "error"
    assert answers["global/0"] != "error"


def test_the_builtin_model_writes_the_augmentations_that_it_writes_elsewhere() -> None:
    dataset = build(SimpleReversals(facts=12, documents_per_fact=1), 0)
    settings = Augmentation(strategy="local", prompt="local_zero_shot", max_tokens=64)
    model = VLLMModel("vllm:builtin:tiny")
    try:
        requests = plan(dataset, settings, 0, Window(size=model.window, count_tokens=model.count_tokens))
        texts = {item.request_id: item.text for item in model.generate(requests)}
    finally:
        model._llm.llm_engine.engine_core.shutdown()
    assert len(texts) == 12
    assert texts == {item.request_id: item.text for item in hub.load("builtin:tiny").generate(requests)}


def test_it_does_not_score(model: VLLMModel) -> None:
    with pytest.raises(UserError, match=r"name it as augmentation\.generator"):
        model.score("", [])
