"""The tokenizer: one token a word, nothing lost."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gensweep.datasets.lexicon import benchmark_words
from gensweep.models.tiny import tokenizer

TOKENIZER = tokenizer.build(benchmark_words())


@given(st.text())
@settings(max_examples=200, deadline=None)
def test_any_text_comes_back(text: str) -> None:
    ids = TOKENIZER(text, add_special_tokens=False)["input_ids"]
    special = set(TOKENIZER.all_special_ids)
    if not special & set(ids):
        assert TOKENIZER.decode(ids) == text


@pytest.mark.parametrize("form", ["{}", " {}", "{C}", " {C}"])
def test_every_word_has_one_token(form: str) -> None:
    for word in benchmark_words():
        assert len(TOKENIZER.tokenize(form.format(word, C=word.capitalize()))) == 1


def test_inflected_words_are_a_word_and_an_ending() -> None:
    word = benchmark_words()[0]
    assert TOKENIZER.tokenize(f" {word}s {word}ed") == [f"\u0120{word}", "s", f"\u0120{word}", "ed"]


def test_a_text_begins_with_the_start_token() -> None:
    assert TOKENIZER("femp are")["input_ids"][0] == TOKENIZER.bos_token_id


@pytest.mark.parametrize("cut", ["femp are| brighter than glon.", "a\n\n|glon are", "x:| All y are z."])
def test_parts_have_the_tokens_of_the_whole(cut: str) -> None:
    parts = [TOKENIZER(part, add_special_tokens=False)["input_ids"] for part in cut.split("|")]
    assert [*itertools.chain(*parts)] == TOKENIZER(cut.replace("|", ""), add_special_tokens=False)["input_ids"]
