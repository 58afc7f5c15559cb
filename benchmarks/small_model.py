"""The random model of the benchmarks, small enough for one CPU core."""

from collections.abc import Sequence

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast


def small_llama(texts: Sequence[str], vocabulary: int = 0) -> tuple[LlamaForCausalLM, PreTrainedTokenizerFast]:
    """A random Llama of about 3 M parameters with a byte-pair tokenizer trained on ``texts``.

    Its vocabulary has ``vocabulary`` entries (0: as many as the tokenizer knows, so that all it writes is text).
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=768, special_tokens=["<s>"], initial_alphabet=alphabet)
    tokenizer.train_from_iterator(texts, trainer)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=vocabulary or len(tokenizer.get_vocab()),
        hidden_size=256,
        intermediate_size=768,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=16384,
        initializer_range=0.1,
        tie_word_embeddings=True,
        bos_token_id=0,
        eos_token_id=0,
    )
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="<s>")
    return LlamaForCausalLM(config).eval(), fast
