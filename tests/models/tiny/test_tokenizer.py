"""The tokenizer: one token a word, nothing lost."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gensweep.datasets.inflection import plural
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


@pytest.mark.parametrize("form", ["{}", " {}", "{C}", " {C}"])
def test_a_plural_is_one_token_unless_plurals_are_split(form: str) -> None:
    split = tokenizer.build(benchmark_words(), plurals=False)
    for word in benchmark_words():
        text = form.format(plural(word), C=plural(word).capitalize())
        assert len(TOKENIZER.tokenize(text)) == 1
        assert len(split.tokenize(text)) == 2
    assert split.get_vocab() == TOKENIZER.get_vocab()


def test_other_forms_are_a_word_and_an_ending() -> None:
    word = benchmark_words()[0]
    assert TOKENIZER.tokenize(f" {word}ed {word}ing") == [f"\u0120{word}", "ed", f"\u0120{word}", "ing"]


def test_a_text_begins_with_the_start_token() -> None:
    assert TOKENIZER("femp are")["input_ids"][0] == TOKENIZER.bos_token_id


@pytest.mark.parametrize("cut", ["femp are| brighter than glon.", "a\n\n|glon are", "x:| All y are z."])
def test_parts_have_the_tokens_of_the_whole(cut: str) -> None:
    parts = [TOKENIZER(part, add_special_tokens=False)["input_ids"] for part in cut.split("|")]
    assert [*itertools.chain(*parts)] == TOKENIZER(cut.replace("|", ""), add_special_tokens=False)["input_ids"]
