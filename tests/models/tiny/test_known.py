"""The world that stays the same: many wordings, one direction, words of its own."""

import itertools
import random

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


def test_a_fact_is_told_in_many_wordings_and_always_asks_for_the_same() -> None:
    """What has to be known never becomes what is given: only one direction of a fact can be learned."""
    rng, words = random.Random(3), tuple(known_words())
    for telling in known.world(known_words()):
        lines = [telling(rng) for _ in range(30)]
        assert len({head for head, _ in lines}) > 3
        given = [named(head, words) for head, _ in lines]
        if "relationships" not in lines[0][0]:  # a syllogism names its terms before and after
            subject = set.intersection(*given)
            assert subject and not subject & set.union(*(named(tail, words) for _, tail in lines))


def test_its_words_are_in_no_other_text() -> None:
    own, found = tuple(known_words()), {True: 0, False: 0}
    for segments in itertools.islice(texts(LEVEL, random.Random(4)), 200):
        text = "".join(part for part, _ in segments)
        hits = named(text, own)
        others = named(text, tuple(seen_words()[known.WORDS :]))
        assert not (hits and others)
        found[bool(hits)] += 1
    assert found[True] > 30 and found[False] > 100


def test_recalling_counts_what_has_to_be_known() -> None:
    segments = known.recall(known_words(), random.Random(5))
    assert [weight for _, weight in segments] == [0.0, 1.0] * (len(segments) // 2)
