"""Weights to a folder in the Hugging Face layout: configuration, safetensors, tokenizer."""

from pathlib import Path

from gensweep.models.base import LanguageModel
from gensweep.models.hf import HFModel


def save_model(model: LanguageModel, folder: Path) -> None:
    """A folder that ``AutoModelForCausalLM`` and ``AutoTokenizer`` read."""
    assert isinstance(model, HFModel), "only a model with weights is fine-tuned"
    model.module.save_pretrained(folder)
    model.tokenizer.save_pretrained(folder)
