"""More layers for a trained model: copies of layers that do already what the new ones are to do with other words.

What a copy adds is scaled down, so that the model does nearly the same as before and training changes that. (Block
expansion, Wu et al. 2024, "LLaMA Pro", arXiv 2401.02415, begins with copies that add nothing.)
"""

import copy
from collections.abc import Sequence

import torch
from transformers import LlamaForCausalLM

_SCALE = 0.1
"""Of what a copy adds. With 0.3 the accuracy on questions that take two documents fell from 31 to 17 % at first."""


def expanded(model: LlamaForCausalLM, layers: Sequence[int]) -> LlamaForCausalLM:
    """A model with copies of ``layers``, in that order, behind the last of them."""
    old = model.model.layers
    behind = max(layers) + 1
    sources = [*range(behind), *layers, *range(behind, len(old))]
    config = copy.deepcopy(model.config)
    config.num_hidden_layers = len(sources)
    grown = LlamaForCausalLM(config)
    grown.model.embed_tokens.load_state_dict(model.model.embed_tokens.state_dict())
    grown.model.norm.load_state_dict(model.model.norm.state_dict())
    for layer, source in zip(grown.model.layers, sources, strict=True):
        layer.load_state_dict(old[source].state_dict())
    with torch.no_grad():
        for layer in grown.model.layers[behind : behind + len(layers)]:
            layer.self_attn.o_proj.weight.mul_(_SCALE)
            layer.mlp.down_proj.weight.mul_(_SCALE)
    return grown
