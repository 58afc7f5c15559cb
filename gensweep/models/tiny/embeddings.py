"""How the model reads made-up words that it never met: a word's embedding is a random vector that is never trained.

All words are alike to the gradient: it moves every word of one spelling (after a space, capitalised …) by the same
vector. So a new word, with a random vector of its own and the same shift, is no different from those of the training.
"""

import torch
from torch import Tensor, nn

from gensweep.models.tiny.tokenizer import SPELLINGS

DEVIATION = 1.0
"""Standard deviation of the embeddings."""


def by_word(table: Tensor, words: int) -> Tensor:
    """A view of the made-up words' rows, which are the last ones of a table, as ``(words, spellings, width)``."""
    return table[len(table) - words * SPELLINGS :].view(words, SPELLINGS, -1)


def random_words(words: int, width: int, seed: int) -> Tensor:
    """A vector for each word, ``(words, 1, width)``; its first number is what ``circuits.py`` gives to all tokens.

    All are of one length: what the model copies is read off by inner products, in which a long vector would win.
    """
    vectors = torch.randn(words, 1, width, generator=torch.manual_seed(seed))
    vectors[..., 0] = 0.0
    return DEVIATION * (width - 1) ** 0.5 * nn.functional.normalize(vectors, dim=-1)


def share_gradient(embedding: nn.Embedding, words: int) -> None:
    """Give all words of a spelling the mean of their gradients."""
    assert embedding.weight.grad is not None
    gradient = by_word(embedding.weight.grad, words)
    gradient.copy_(gradient.mean(dim=0, keepdim=True).expand_as(gradient))


def redraw(embedding: nn.Embedding, words: int, fixed: Tensor, seed: int) -> None:
    """Give all words behind the ``fixed`` ones new vectors: what is copied must not depend on which these are.

    ``fixed``: ``random_words`` of the first words, which keep theirs.
    """
    table = embedding.weight.detach()
    vectors = random_words(words - len(fixed), embedding.embedding_dim, seed)
    by_word(table, words)[len(fixed) :] = vectors + _added(table, fixed, words)


def with_new_words(embedding: nn.Embedding, words: int, fixed: Tensor, new: Tensor) -> Tensor:
    """The table with other words, whose ``random_words`` are ``new``, instead of those of the training."""
    table = embedding.weight.detach()
    others = table[: len(table) - words * SPELLINGS]
    return torch.cat([others, (new + _added(table, fixed, words)).flatten(0, 1)])


def _added(table: Tensor, fixed: Tensor, words: int) -> Tensor:
    """What training added to each spelling, ``(spellings, width)``: the same for all words."""
    return (by_word(table, words)[: len(fixed)] - fixed).mean(dim=0)
