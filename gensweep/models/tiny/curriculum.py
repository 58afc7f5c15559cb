"""Which texts the model meets when: first a few short facts in its context, then more of all kinds."""

import dataclasses
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

from gensweep.datasets import lexicon
from gensweep.models.tiny import categories, known, worlds
from gensweep.models.tiny.layouts import LAYOUTS, Segments, join_lines
from gensweep.models.tiny.worlds import MOST_DOCUMENTS, Words, World

WORLDS: dict[str, Callable[[Words, int, random.Random], World]] = {
    "pairs": worlds.pairs,
    "processes": worlds.processes,
    "comparisons": worlds.comparisons,
    "people": worlds.people,
    "syllogisms": categories.syllogisms,
    "premises": categories.premises,
    "hierarchies": categories.hierarchies,
    "ontologies": categories.ontologies,
    "two_way_ontologies": categories.two_way_ontologies,
    "families": categories.families,
    "lineages": categories.lineages,
}
_SEEN, _UNSEEN = 1000, 300


def all_words() -> Words:
    """The made-up words of the training program: no benchmark word is among them."""
    return lexicon.training_words()[: _SEEN + _UNSEEN]


def seen_words() -> Words:
    """The words of the training texts."""
    return all_words()[:_SEEN]


def known_words(size: str) -> Words:
    """Those of them that belong to a world that stays the same."""
    return seen_words()[: known.WORDS[size]]


def unseen_words() -> Words:
    """The words that no training text has: what accuracy is probed on."""
    return all_words()[_SEEN:]


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Level:
    """A part of the curriculum, ``steps`` long: contexts of up to ``facts`` facts, ``documents`` documents in all.

    ``joined``: share of the texts in which several documents stand on one line. ``spread``: share of those whose
    sentences are moved apart to distances up to the model's window. ``anneal``: over that many last steps, of it and of
    levels before it that anneal too, the learning rate falls to nothing; the next level begins with a new warm-up.
    ``known``: share of texts on a world that stays the same; ``known_size``: which of the two. ``plurals``: whether the
    plural of a made-up word is one token. ``fresh_words``: whether each step draws new vectors for the made-up words
    (but not for those of known worlds). ``expand``: layers of which copies are put behind the last of them
    (``growth.py``) before the level begins. ``bridges``: weight of the loss by which the model has to know the word in
    between (``Segment.via``) after ``Recipe.bridge_layer`` layers.
    """

    steps: int
    facts: int
    documents: int
    joined: float = 0.0
    spread: float = 0.0
    anneal: int = 0
    known: float = 0.0
    known_size: Literal["small", "large"] = "small"
    plurals: bool = False
    fresh_words: bool = False
    expand: Sequence[int] = ()
    bridges: float = 0.0
    worlds: Mapping[str, float]
    layouts: Mapping[str, float]


def texts(level: Level, rng: random.Random) -> Iterator[Segments]:
    """Texts of new worlds without end; half of them have more than half the level's facts."""
    words = seen_words()[known.WORDS[level.known_size] :] if level.known else seen_words()
    while True:
        if rng.random() < level.known:
            yield known.recall(level.known_size, known_words(level.known_size), rng)
            continue
        world = WORLDS[_choice(level.worlds, rng)]
        layout = _choice(level.layouts, rng)
        half = -(-level.facts // 2)
        count = rng.randint(half, level.facts) if rng.random() < 0.5 else rng.randint(1, half)
        if layout == "local":
            count = min(count, 6)
        documents = 1 if rng.random() < 0.5 else rng.randint(1, MOST_DOCUMENTS)
        documents = max(1, min(documents, level.documents // count))
        segments = LAYOUTS[layout](world(words, count, rng), documents, rng)
        yield join_lines(segments, rng) if rng.random() < level.joined else segments


def _choice(weights: Mapping[str, float], rng: random.Random) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]
