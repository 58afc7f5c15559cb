"""A start for training near what finding a word in the context takes: heads that look back, find and copy.

Such circuits form by themselves too, but after many more tokens (on the idea of structured starts: Trockman & Kolter
2023, arXiv 2305.09828). Training is free to change all of it; no weight knows any word.
"""

from typing import Any

import torch
from transformers import LlamaForCausalLM

_CONSTANT = 4.0
"""Of one dimension of all embeddings, by which a head can look back blindly."""
_LOOK_BACK, _MATCH = 1.7, 2.3
"""Scales of queries and keys that make a head attend clearly, but not hard."""
_WRITE = 1.0
"""Scale of what heads write: as large as an embedding."""
_DISTANCES = (1, 2, 3, 4)
_TURNING = 4
"""The fastest turning pairs of a head, which tell neighbours apart."""
_FLAT = 0.01
"""Pairs that turn by less than this (radians a token) hardly feel distance: they carry what is matched."""


def favour(model: LlamaForCausalLM) -> None:
    """Set embeddings and attention of a fresh model with as many heads as fill its width, four or more.

    The heads of the first layer copy the tokens 1, 2, 3 and 4 back, each into a subspace of its own. In the other
    layers three heads begin by copying what stood near an earlier place of a word: right behind that of the present
    token, two before and two behind that of the token before it. The others begin at random.
    """
    config = model.config
    size, heads, width = config.head_dim, config.num_attention_heads, config.hidden_size
    assert size * heads == width, "the subspaces of the first layer's heads fill the width"
    frequencies = model.model.rotary_emb.inv_freq
    flat = (frequencies < _FLAT).repeat(2)[:, None]
    here = torch.linalg.qr(torch.randn(width, size)).Q.T  # (size, width): reads the token itself
    here[:, 0] = 0  # but not the constant
    back = torch.linalg.qr(torch.randn(width, width)).Q.T.reshape(heads, size, width)  # reads one further back
    finders = (  # query, key, what is copied
        (here, back[0], here),
        (back[0], here, back[1]),
        (back[0], back[1], here),
    )
    with torch.no_grad():
        model.get_input_embeddings().weight[:, 0] = _CONSTANT
        first, *others = (layer.self_attn for layer in model.model.layers)
        for head in range(heads):
            rows = slice(head * size, (head + 1) * size)
            _look_back(first, rows, _DISTANCES[head % len(_DISTANCES)] * frequencies[:_TURNING])
            first.v_proj.weight[rows] = here
            first.o_proj.weight[:, rows] = _WRITE * back[head].T
        for attention in others:
            for head, (query, key, copied) in enumerate(finders):
                rows = slice(head * size, (head + 1) * size)
                attention.q_proj.weight[rows] += _MATCH * flat * query
                attention.k_proj.weight[rows] += _MATCH * flat * key
                attention.v_proj.weight[rows] += copied
                attention.o_proj.weight[:, rows] += _WRITE * here.T


def _look_back(attention: Any, rows: slice, angles: torch.Tensor) -> None:
    """Turn the constant's query by ``angles`` against its key, so that they agree where the key stands further back."""
    second = rows.start + (rows.stop - rows.start) // 2
    queries, keys = attention.q_proj.weight[:, 0], attention.k_proj.weight[:, 0]
    queries[rows.start : rows.start + _TURNING] = _LOOK_BACK * angles.cos()
    queries[second : second + _TURNING] = -_LOOK_BACK * angles.sin()
    keys[rows.start : rows.start + _TURNING] = _LOOK_BACK
