"""Weights from files into memory, in the classes of transformers."""

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)
from transformers.integrations import is_deepspeed_zero3_enabled
from transformers.utils import logging

from gensweep.errors import UserError
from gensweep.models.hf import HFModel
from gensweep.models.reader import HFReader

_SEED = 0
_WINDOW = 32768
_SPREAD = 0.1
"""Standard deviation of the random weights: enough for choices to differ by more than a near-tie."""


def read(name: str, path: Path) -> HFModel:
    """The model in a folder or a GGUF file, on CUDA (bfloat16) where there is one, else on CPU (float32).

    Within transformers' ZeRO-3 configuration the weights are sharded while they are read, and ``verify`` has to wait.

    Raises:
        UserError: the files cannot be read, or the architecture is not supported.
    """
    logging.disable_progress_bar()  # the condition's own line shows what happens
    folder, source = _source(path)
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, **source)
        module, info = AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=_precision(),
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
            **source,
        )
    except Exception as error:  # whatever the many readers of formats make of a strange file
        raise _unreadable(name, path, error) from error
    if info["missing_keys"]:
        lacking = sorted(info["missing_keys"])
        raise UserError(
            f"model {name}: {path} has no weights for {lacking[0]} and {len(lacking) - 1} more: save all of a causal "
            "language model"
        )
    return _ready(name, module, tokenizer)


def reader(name: str, path: Path) -> HFReader:
    """The tokenizer and window of the model in a folder or a GGUF file. Raises UserError as ``read``."""
    folder, source = _source(path)
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, **source)
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False, **source)
    except Exception as error:  # as above
        raise _unreadable(name, path, error) from error
    return HFReader(name, tokenizer, config.get_text_config(decoder=True).max_position_embeddings)


def _source(path: Path) -> tuple[Path, dict[str, str]]:
    return (path.parent, {"gguf_file": path.name}) if path.is_file() else (path, {})


def _unreadable(name: str, path: Path, error: Exception) -> UserError:
    reason = " ".join(str(error).split())[:200]
    return UserError(f"model {name}: {path} cannot be read as a causal language model: {reason}")


def _precision() -> torch.dtype:
    return torch.bfloat16 if torch.cuda.is_available() else torch.float32


def _ready(name: str, module: Any, tokenizer: Any) -> HFModel:
    model = HFModel(name, module.to("cuda" if torch.cuda.is_available() else "cpu").eval(), tokenizer)
    if not is_deepspeed_zero3_enabled():  # no process holds the weights yet
        model.verify()
    return model


def random_model(name: str) -> HFModel:
    """A two-layer Llama with seeded random weights over bytes, for tests."""
    logging.disable_progress_bar()
    tokenizer = byte_tokenizer()
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=_WINDOW,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        tie_word_embeddings=True,
    )
    with torch.random.fork_rng(devices=[]):
        module = LlamaForCausalLM(config)
    generator = torch.Generator().manual_seed(_SEED)
    with torch.no_grad():
        for weight in module.parameters():
            if weight.dim() > 1:
                weight.normal_(0.0, _SPREAD, generator=generator)
    weights = dict(module.state_dict())  # a plain one: transformers' ZeRO-3 loader breaks on its _metadata
    return _ready(
        name,
        LlamaForCausalLM.from_pretrained(None, config=config, state_dict=weights, dtype=_precision()),
        tokenizer,
    )


def random_reader(name: str) -> HFReader:
    """The tokenizer and window of ``random_model``."""
    return HFReader(name, byte_tokenizer(), _WINDOW)


def byte_tokenizer() -> Any:
    """A token per byte, and ``<s>`` before a text."""
    specials = ["<s>", "</s>", "<pad>"]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: index for index, token in enumerate([*specials, *alphabet])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A $B", special_tokens=[("<s>", 0)]
    )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", pad_token="<pad>")
