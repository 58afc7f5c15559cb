"""Contexts of in-context learning: how long they may be, which documents stay, and the orders of these."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gensweep.config import Icl
from gensweep.errors import UserError
from gensweep.models.fake import FakeModel
from gensweep.modes import icl_contexts, longest
from gensweep.records import Document

MODEL = FakeModel()  # a token is a word
FACTS = 5
DOCUMENTS = [
    Document(id=f"{copy}-{fact}", text=f"d{copy}f{fact} " + "word " * (fact + copy), fact_ids=(f"f{fact}",))
    for copy in range(4)
    for fact in range(FACTS)
]


def contexts(icl, seed=0):
    return icl_contexts(MODEL, DOCUMENTS, "Continue.", icl, seed)


def documents_of(context):
    return [line.split()[0] for line in context.text.strip().splitlines()]


@settings(deadline=None)
@given(limit=st.integers(8, 130), orderings=st.integers(1, 3), subsample=st.integers(1, 3), seed=st.integers(0, 50))
def test_as_many_documents_as_fit_stay_in_their_order(limit, orderings, subsample, seed):
    whole = contexts(Icl(subsample=subsample, orderings=orderings), seed)
    settings = {"subsample": subsample, "orderings": orderings, "overflow": "fewer_documents"}
    fitting = contexts(Icl(max_context_tokens=limit, **settings), seed)
    assert len(fitting) == orderings
    for full, context in zip(whole, fitting, strict=True):
        kept = documents_of(context)
        assert context.tokens == MODEL.count_tokens(context.text) <= limit
        assert len(kept) == context.documents >= 1
        assert kept == [name for name in documents_of(full) if name in kept]
    if fitting[0].documents < whole[0].documents:  # one more would not have fitted, and no fact is lost before need
        longest_document = max(MODEL.count_tokens(document.text) for document in DOCUMENTS)
        assert longest(fitting).tokens > limit - longest_document
        facts = {name[-1] for name in documents_of(fitting[0])}
        assert len(facts) == min(FACTS, fitting[0].documents)


def test_orders_hold_the_same_documents_and_the_first_is_that_of_one_order():
    several = contexts(Icl(orderings=4))
    assert contexts(Icl()) == several[:1]
    assert len({context.text for context in several}) == 4
    assert {tuple(sorted(documents_of(context))) for context in several} == {tuple(sorted(documents_of(several[0])))}


def test_a_context_that_is_too_long_is_refused_by_the_name_of_its_field():
    tokens = contexts(Icl())[0].tokens
    assert contexts(Icl(max_context_tokens=tokens)) == contexts(Icl())
    with pytest.raises(
        UserError, match=rf"icl.max_context_tokens is {tokens - 1}, .* 20 documents has {tokens} tokens"
    ):
        contexts(Icl(max_context_tokens=tokens - 1))


def test_one_document_at_least_has_to_fit():
    with pytest.raises(UserError, match="max_context_tokens is 1, but not even one document fits"):
        contexts(Icl(max_context_tokens=1, overflow="fewer_documents"), seed=3)
