"""Nonsense words of four or five letters that look English, in two disjoint halves: benchmarks and built-in model.

Every word is one onset and one rime out of a short list each. The tokenizer of ``builtin:tiny`` has one token for any
benchmark word.
"""

import functools
import random
from collections import Counter
from collections.abc import Collection
from pathlib import Path

from gensweep.datasets.tokens import TokenCount
from gensweep.errors import UserError

_ONSETS = (
    "b d f g h j k l m n p r s t v w y z "
    "bl br ch cl cr dr dw fl fr gl gr kl kr pl pr sh sk sl sm sn sp st sw th tr tw vl shr spl spr str thr"
)
_CODAS = "b d g p x ck ft lk lm lp lt mp nd nk nt rd rk rm rn rp sk sp st th"  # none begins another: no prefixes
_MODERN_WORDS = (
    "bonk bork brad burk chad derp dirk dork fick fock fred fudd gank goth greg grep grex grunk hoth hurd "
    "kink kirk klux kock krap kunt kurd meth merp nerd perp pled prep prod punk skag skank smeg smex slag smog snuck "
    "spick spork spunk stip swag tard tarp turd tux twat twerp twink vlad wank wonk zonk"
)
ONSETS = tuple(_ONSETS.split())
RIMES = tuple(vowel + coda for vowel in "aeiou" for coda in _CODAS.split())
MODERN_WORDS = frozenset(_MODERN_WORDS.split())

_WORD_FILE = Path(__file__).with_name("lexicon.txt")
_BENCHMARK_WORDS = 1600


def make_words(real_words: Collection[str]) -> list[str]:
    """All pairs of onset and rime with four or five letters that are not in ``real_words`` (lower case), sorted.

    ``lexicon.txt`` is this function's answer for the ``web2`` and ``gcide`` lists of the package english-words 2.0.2,
    lower-cased, together with ``MODERN_WORDS``, which those lists are too old or too polite to have.
    """
    pairs = (onset + rime for onset in ONSETS for rime in RIMES)
    excluded = {*real_words, *MODERN_WORDS}
    return sorted(word for word in pairs if 4 <= len(word) <= 5 and word not in excluded)


@functools.cache
def _shuffled() -> tuple[str, ...]:
    words = _WORD_FILE.read_text(encoding="utf-8").split()
    random.Random(0).shuffle(words)
    return tuple(words)


def benchmark_words() -> tuple[str, ...]:
    """The 1600 words that datasets may use and the built-in model has never seen, in a fixed random order."""
    return _shuffled()[:_BENCHMARK_WORDS]


def training_words() -> tuple[str, ...]:
    """The words that the built-in model was trained on, in a fixed random order; no benchmark word is among them."""
    return _shuffled()[_BENCHMARK_WORDS:]


def draw(count: int, rng: random.Random, tokens: TokenCount | None = None, *, field: str = "size") -> list[str]:
    """``count`` different benchmark words in random order; with ``tokens`` all of the commonest number of tokens.

    ``field`` is what the user can lower if there are too few.

    Raises:
        UserError: there are not that many.
    """
    words, of_length = benchmark_words(), ""
    if tokens:
        lengths = {word: tokens(word) for word in words}
        (commonest, _), *_ = Counter(lengths.values()).most_common(1)
        words = tuple(word for word in words if lengths[word] == commonest)
        of_length = f" of {commonest} tokens"
    if count > len(words):
        raise UserError(
            f"the dataset needs {count} nonsense words but the lexicon has {len(words)}{of_length}; lower its {field}"
        )
    return rng.sample(words, count)
