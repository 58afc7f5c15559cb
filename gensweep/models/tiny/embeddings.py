"""How the model reads made-up words that it never met: a word's embedding is a random vector that is never trained.

All words are alike to the gradient: it moves every word of one spelling (after a space, capitalised …) by the same
vector. So a new word, with a random vector of its own and the same shift, is no different from those of the training.
"""

import torch
from torch import Tensor, nn

from gensweep.models.tiny.tokenizer import SPELLINGS

DEVIATION = 1.0
"""Standard deviation of the embeddings."""


def word_rows(embedding: nn.Embedding, words: int) -> slice:
    """The rows of the made-up words, which are the last ones: word by word, each in all its spellings."""
    return slice(embedding.num_embeddings - words * SPELLINGS, embedding.num_embeddings)


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
    gradient = embedding.weight.grad[word_rows(embedding, words)].view(words, SPELLINGS, -1)
    gradient.copy_(gradient.mean(dim=0, keepdim=True).expand_as(gradient))


def redraw(embedding: nn.Embedding, words: int, fixed: Tensor, seed: int) -> None:
    """Give all words behind the ``fixed`` ones new vectors: what is copied must not depend on which these are.

    ``fixed``: ``random_words`` of the first words, which keep theirs.
    """
    width = embedding.embedding_dim
    with torch.no_grad():
        vectors = random_words(words - len(fixed), width, seed) + _added(embedding, words, fixed)
        embedding.weight[word_rows(embedding, words)].view(words, SPELLINGS, width)[len(fixed) :] = vectors


def with_new_words(embedding: nn.Embedding, words: int, fixed: Tensor, new: Tensor) -> Tensor:
    """The table with other words, whose ``random_words`` are ``new``, instead of those of the training."""
    table = embedding.weight.detach()
    kept = table[: word_rows(embedding, words).start]
    return torch.cat([kept, (new + _added(embedding, words, fixed)).flatten(0, 1)])


def _added(embedding: nn.Embedding, words: int, fixed: Tensor) -> Tensor:
    """What training added to each spelling, ``(spellings, width)``: the same for all words."""
    rows = embedding.weight.detach()[word_rows(embedding, words)].view(words, SPELLINGS, -1)
    return (rows[: len(fixed)] - fixed).mean(dim=0)
