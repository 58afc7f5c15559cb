"""Long texts are cut where a reader would pause, and nothing is lost."""

from hypothesis import given
from hypothesis import strategies as st

from gensweep.datasets import chunks

TEXTS = st.text(alphabet="abc.?!。 \n", max_size=400)


def parts(text: str, longest: int) -> list[str]:
    return [text[start:end] for start, end in chunks.spans(text, longest)]


@given(TEXTS, st.integers(1, 60))
def test_every_letter_is_in_one_part_in_order_and_every_part_fits(text: str, longest: int) -> None:
    found = chunks.spans(text, longest)
    ends = [0, *(place for span in found for place in span), len(text)]
    assert ends == sorted(ends) and all(0 < end - start <= longest for start, end in found)
    between = [text[start:end] for start, end in zip(ends[::2], ends[1::2], strict=True)]
    assert not "".join(between).strip()


@given(TEXTS, st.integers(1, 60))
def test_a_word_that_fits_is_never_cut(text: str, longest: int) -> None:
    if max(map(len, text.split()), default=0) < longest and "。" not in text:
        assert [word for part in parts(text, longest) for word in part.split()] == text.split()


def test_the_best_border_of_the_second_half_counts() -> None:
    assert parts("One. Two.\n\nThree. Four five", 18) == ["One. Two.", "Three. Four five"]
    assert parts("One two. Three\nfour. Five six", 24) == ["One two. Three\nfour.", "Five six"]  # a wrapped line
    assert parts("One two three\nfour five six seven", 24) == ["One two three", "four five six seven"]
    assert parts("He said “no.” Then he left us", 18) == ["He said “no.”", "Then he left us"]
    assert parts("一二三四。五六七八。九十", 11) == ["一二三四。五六七八。", "九十"]
    assert parts("aaaaaaaaaaaa bb", 5) == ["aaaaa", "aaaaa", "aa bb"]
    assert parts("short", 5) == ["short"] and parts(" \n ", 2) == []
