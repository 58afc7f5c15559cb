"""The worlds that stay the same: many wordings, one direction, words of its own."""

import dataclasses
import itertools
import random

import pytest

from gensweep.models.tiny import known
from gensweep.models.tiny.curriculum import Level, known_words, seen_words, texts

LEVEL = Level(
    steps=1,
    facts=6,
    documents=6,
    known=0.3,
    worlds={"comparisons": 0.3, "people": 0.3, "syllogisms": 0.2, "hierarchies": 0.2},
    layouts={"asked_twice": 0.7, "local": 0.3},
)


def named(text: str, words: tuple[str, ...]) -> set[str]:
    """Which of ``words`` the text has, whatever their endings (none is the beginning of another)."""
    lowered = text.lower().replace(".", " ").replace(",", " ").replace("?", " ").split()
    return {word for word in words if any(part.startswith(word) for part in lowered)}


@pytest.mark.parametrize("size", known.WORDS)
def test_a_fact_is_told_in_many_wordings_and_always_asks_for_the_same(size: str) -> None:
    """What has to be known never becomes what is given: only one direction of a fact can be learned."""
    rng, words = random.Random(3), tuple(known_words(size))
    for telling in known.world(size, known_words(size)):
        lines = [telling(rng) for _ in range(30)]
        assert len({head for head, _ in lines}) > 3
        given = [named(head, words) for head, _ in lines]
        if not any("relationships" in head for head, _ in lines):  # a syllogism names its terms before and after
            subject = set.intersection(*given)
            assert subject and not subject & set.union(*(named(tail, words) for _, tail in lines))


@pytest.mark.parametrize("size", known.WORDS)
def test_its_words_are_in_no_other_text(size: str) -> None:
    own, found = tuple(known_words(size)), {True: 0, False: 0}
    level = dataclasses.replace(LEVEL, known_size=size)
    for segments in itertools.islice(texts(level, random.Random(4)), 200):
        text = "".join(segment.text for segment in segments)
        hits = named(text, own)
        others = named(text, tuple(seen_words()[known.WORDS[size] :]))
        assert not (hits and others)
        found[bool(hits)] += 1
    assert found[True] > 30 and found[False] > 100


def test_recalling_counts_what_has_to_be_known() -> None:
    segments = known.recall("large", known_words("large"), random.Random(5))
    assert [segment.weight for segment in segments] == [0.0, 1.0] * (len(segments) // 2)
