"""The tokenizer of ``builtin:tiny``: known words first, bytes for everything else.

A token is a made-up word of the lexicon or an English word of ``vocabulary.txt``, with its leading space, so that text
cut before a space or after a line break has the same tokens as its parts. The made-up words come last;
``embeddings.py`` tells how the model reads those that it never met.
"""

from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from gensweep.datasets.features import FEATURES, LEAD_INS
from gensweep.datasets.inflection import plural

BOS, EOS, PAD = "<s>", "</s>", "<pad>"
_SUFFIXES = ("s", "es", "ed", "ing", "er", "'s")
_LINE_STARTS = ("a", "all", "each", "every", "no", "one", "some", "the")
_VOCABULARY_FILE = Path(__file__).with_name("vocabulary.txt")
_SPACE = "Ġ"  # how the byte-level alphabet writes a space


def english_words() -> list[str]:
    """The English words with a token of their own; a capitalised spelling is listed only for likely first words."""
    phrases = [*LEAD_INS, *(f"{feature.comparative} {feature.opposite}" for feature in FEATURES)]
    in_features = {word.strip(",") for phrase in phrases for word in phrase.split()}
    return sorted(in_features | set(_VOCABULARY_FILE.read_text(encoding="utf-8").split()))


def spellings(word: str) -> tuple[str, ...]:
    """The tokens of one made-up word: after a space or at the start of a line, in lower case or capitalised."""
    return (_SPACE + word, word, _SPACE + word.capitalize(), word.capitalize())


SPELLINGS = 2 * len(spellings(""))
"""A word's tokens: those of its plural too, by which the word stands in the same place before what is said of it."""


def fixed_pieces() -> list[str]:
    """All tokens that are neither special nor made-up words, in the order of their ids."""
    ordered = [*sorted(pre_tokenizers.ByteLevel.alphabet()), *_SUFFIXES]
    for word in english_words():
        ordered.append(_SPACE + word)
        if word[0].isupper() or word in _LINE_STARTS:
            ordered.append(word)
    return list(dict.fromkeys(ordered))


def build(words: Sequence[str], *, plurals: bool = True) -> PreTrainedTokenizerFast:
    """The tokenizer that knows these made-up words: fewest pieces win, a byte counts as ten; adds ``<s>`` in front.

    Without ``plurals`` the tokens of plurals are there, but plurals are split into word and ending.
    """
    alphabet = set(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = [(special, 0.0) for special in (BOS, EOS, PAD)]
    vocabulary += [(piece, -10.0 if piece in alphabet else -1.0) for piece in fixed_pieces()]
    for word in words:
        vocabulary += [(spelling, -1.0) for spelling in spellings(word)]
        vocabulary += [(spelling, -1.0 if plurals else -100.0) for spelling in spellings(plural(word))]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=None, byte_fallback=False))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A", pair=f"{BOS} $A $B", special_tokens=[(BOS, 0)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=BOS,
        eos_token=EOS,
        pad_token=PAD,
        clean_up_tokenization_spaces=False,
    )
