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


def with_new_words(embedding: nn.Embedding, old: Tensor, new: Tensor) -> Tensor:
    """The table with other words instead of those of the training.

    ``old`` and ``new``: their ``random_words``. What training added to a spelling is added to the new ones.
    """
    rows = word_rows(embedding, len(old))
    table = embedding.weight.detach()
    shift = (table[rows].view(len(old), SPELLINGS, -1) - old).mean(dim=0)
    return torch.cat([table[: rows.start], (new + shift).flatten(0, 1)])
