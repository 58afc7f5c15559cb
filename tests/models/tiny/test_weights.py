"""The committed weights: what others build on."""

import itertools
import json
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from gensweep.augment import Window, parse, plan
from gensweep.datasets import build
from gensweep.datasets.lexicon import benchmark_words
from gensweep.models.hf import HFModel
from gensweep.models.tiny import probes, tokenizer
from gensweep.models.tiny.texts import Encoder
from gensweep.specs import Augmentation, SimpleReversals

FOLDER = Path(tokenizer.__file__).parent / "weights"


@pytest.fixture(scope="module")
def model() -> Any:
    return AutoModelForCausalLM.from_pretrained(FOLDER, dtype=torch.float32).eval()


def test_it_is_a_llama_of_at_most_16_megabytes_that_loads_within_a_second(model: Any) -> None:
    assert type(model).__name__ == "LlamaForCausalLM"
    assert sum(file.stat().st_size for file in FOLDER.glob("*.safetensors")) <= 16_000_000
    begun = time.perf_counter()
    AutoModelForCausalLM.from_pretrained(FOLDER)
    assert time.perf_counter() - begun < 1.0


def test_its_tokenizer_is_the_one_that_the_code_builds() -> None:
    saved, built = AutoTokenizer.from_pretrained(FOLDER), tokenizer.build(benchmark_words())
    text = "Did you know that femp are brighter than glask?\nStatement: Skamp Trint is the writer – né Ö. 123\n\n"
    assert saved(text)["input_ids"] == built(text)["input_ids"]
    assert saved.decode(saved(text, add_special_tokens=False)["input_ids"]) == text


def test_it_reverses_in_context_what_it_never_met(model: Any) -> None:
    """Two-way, chance is 50 %: with 60 texts, 85 % is 5 standard errors above."""
    encoder = Encoder(tokenizer.build(benchmark_words()))
    for facts in (1, 8):
        texts = probes.questions("comparisons", benchmark_words(), 60, facts, seed=11)
        assert probes.two_way(model, encoder, texts) >= 0.85


def test_without_context_it_is_near_chance(model: Any) -> None:
    """200 questions: 12 points are 3.4 standard errors."""
    encoder = Encoder(tokenizer.build(benchmark_words()))
    texts = [text[-2:] for text in probes.questions("comparisons", benchmark_words(), 200, 1, seed=12)]
    assert abs(probes.two_way(model, encoder, texts) - 0.5) < 0.12


def test_its_own_local_augmentations_are_the_reversals(model: Any) -> None:
    dataset = build(SimpleReversals(facts=12, documents_per_fact=1), 0)
    own = HFModel("builtin:tiny", model, AutoTokenizer.from_pretrained(FOLDER))
    settings = Augmentation(strategy="local", prompt="local_zero_shot", max_tokens=64)
    requests = plan(dataset, settings, 0, Window(size=own.window, count_tokens=own.count_tokens))
    documents, _ = parse(requests, list(own.generate(requests)), dataset)
    written = {document.text for document in documents}
    converses = [f"{f.subject} are {f.relation} {f.object}." for f in dataset.facts if f.premises]
    assert sum(converse in written for converse in converses) >= 10


def test_its_card_and_metrics_agree() -> None:
    metrics = json.loads((FOLDER / "metrics.json").read_text(encoding="utf-8"))
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert f"{metrics['tokens']} tokens" in card and "model organism" in card
    for row in itertools.islice(metrics["measures"], 5):
        assert f"| {row['setting']} | {row['accuracy']:.0%} |" in card
