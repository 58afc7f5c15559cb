"""How documents enter a model's context. A question's prompt follows directly after it, then the choice."""

import random
from collections.abc import Sequence

from gensweep.records import Document


def plain_context(documents: Sequence[Document]) -> str:
    """The layout for base models: one text per line, then a blank line; empty without documents."""
    return "\n".join(document.text for document in documents) + "\n\n" if documents else ""


def chat_message(documents: Sequence[Document], instruction: str) -> str:
    """The user's message for models with a chat template: one text per line, a blank line, the instruction."""
    return plain_context(documents) + instruction


def arrange(
    documents: Sequence[Document], *, subsample: int, seed: int, orderings: int = 1, most: int | None = None
) -> list[list[Document]]:
    """A random ``1/subsample`` of the documents (rounded up), at ``most`` so many, in ``orderings`` random orders.

    All by ``seed``: a smaller choice is part of a larger one, and with ``most`` the others keep their order. Documents
    that state a fact no chosen one states are chosen first, so that every fact stays stated as far as the number of
    documents allows; only the choice depends on the facts, the orders do not.
    """
    assert subsample >= 1
    generator = random.Random(seed)
    shuffled = generator.sample(range(len(documents)), len(documents))
    stated: set[str] = set()
    covering: list[int] = []
    repeating: list[int] = []
    for index in shuffled:
        facts = set(documents[index].fact_ids)
        (repeating if facts <= stated else covering).append(index)
        stated |= facts
    chosen = (covering + repeating)[: -(-len(documents) // subsample)]
    orders = [generator.sample(chosen, len(chosen)) for _ in range(orderings)]
    kept = set(chosen[:most])
    return [[documents[index] for index in order if index in kept] for order in orders]
