"""The layouts of a context are fixed to the byte; the order and the subsample are seeded and keep the facts."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from gensweep.prompting import arrange, chat_message, plain_context
from gensweep.records import Document


def document(index, *facts):
    return Document(id=f"d{index}", text=f"Glon number {index} is brighter.", fact_ids=facts)


def test_plain_context_is_one_line_per_document_and_a_blank_line():
    documents = [document(1), document(2)]
    assert plain_context(documents) == "Glon number 1 is brighter.\nGlon number 2 is brighter.\n\n"
    assert plain_context([]) == ""


def test_chat_message_adds_the_instruction():
    text = chat_message([document(1), document(2)], "Answer from the statements above.")
    assert text == "Glon number 1 is brighter.\nGlon number 2 is brighter.\n\nAnswer from the statements above."
    assert chat_message([], "Answer.") == "Answer."


@given(facts=st.integers(1, 12), copies=st.integers(1, 8), subsample=st.integers(1, 8), seed=st.integers(0, 99))
def test_arrange_keeps_a_share_and_every_fact_that_fits(facts, copies, subsample, seed):
    documents = [document(f"{fact}-{copy}", f"f{fact}") for fact in range(facts) for copy in range(copies)]
    (chosen,) = arrange(documents, subsample=subsample, seed=seed)
    assert len(chosen) == -(-len(documents) // subsample)
    assert len({item.id for item in chosen}) == len(chosen)
    assert {item.id for item in chosen} <= {item.id for item in documents}
    stated = {fact for item in chosen for fact in item.fact_ids}
    assert len(stated) == min(facts, len(chosen))
    assert arrange(documents, subsample=subsample, seed=seed) == [chosen]


def test_arrange_shuffles_by_seed_and_uniformly():
    documents = [document(index, f"f{index % 3}") for index in range(6)]
    first = [arrange(documents, subsample=1, seed=seed)[0][0].id for seed in range(600)]
    counts = [first.count(item.id) for item in documents]
    assert all(60 < count < 140 for count in counts)  # 100 expected, standard deviation 9.1


def test_arrange_of_nothing():
    assert arrange([], subsample=8, seed=0) == [[]]


@given(most=st.integers(0, 30), orderings=st.integers(1, 4), seed=st.integers(0, 99))
def test_fewer_documents_keep_their_order_and_smaller_choices_are_part_of_larger_ones(most, orderings, seed):
    documents = [document(index, f"f{index % 5}") for index in range(24)]
    whole = arrange(documents, subsample=1, seed=seed, orderings=orderings)
    assert whole[:1] == arrange(documents, subsample=1, seed=seed)
    for full, some in zip(
        whole, arrange(documents, subsample=1, seed=seed, orderings=orderings, most=most), strict=True
    ):
        assert some == [item for item in full if item in some] and len(some) == min(most, 24)
    chosen = [{item.id for item in arrange(documents, subsample=n, seed=seed)[0]} for n in (1, 2, 4, 8)]
    assert all(smaller < larger for larger, smaller in itertools.pairwise(chosen))
