"""Accuracy on words that no training text has: what the log follows and metrics.json keeps."""

import random
from collections.abc import Sequence
from typing import Any

import torch

from gensweep.models.tiny.curriculum import WORLDS
from gensweep.models.tiny.layouts import LAYOUTS, Segment, Segments, corpus
from gensweep.models.tiny.texts import Encoder, batch, micro_batches
from gensweep.models.tiny.worlds import POLES, Words

_PASS = 8192


def questions(world: str, words: Words, count: int, facts: int, documents: int = 1, seed: int = 5) -> list[Segments]:
    """``count`` contexts of ``facts`` facts, each with one question on what they imply but do not say.

    The question is one that takes two of them, in worlds that tell which do.
    """
    rng = random.Random(seed)
    texts = []
    for _ in range(count):
        items = WORLDS[world](words, facts, rng)
        prompt, answer = rng.choice([item for item in items if item.via] or items).questions[0]
        context = [Segment(segment.text) for segment in corpus(items, documents, rng)]
        texts.append([*context, Segment(f"\n\n{prompt}"), Segment(answer, 1.0)])
    return texts


def tasks(layout: str, world: str, words: Words, count: int, facts: int, seed: int = 5) -> list[Segments]:
    """``count`` texts of a layout whose weight-1 segments the model is to write."""
    rng = random.Random(seed)
    return [LAYOUTS[layout](WORLDS[world](words, facts, rng), 1, rng) for _ in range(count)]


@torch.inference_mode()
def exact(model: Any, encoder: Encoder, texts: Sequence[Segments]) -> float:
    """Share of texts whose weight-1 tokens are all the most likely ones: what greedy generation would get right."""
    right = 0
    for part in micro_batches([encoder.encode(text) for text in texts], _PASS):
        hidden = model.model(input_ids=part.ids, position_ids=part.positions, use_cache=False).last_hidden_state
        asked = part.weights == 1.0
        wrong = model.lm_head(hidden[:, :-1][asked]).argmax(-1) != part.targets[asked]
        right += len(part.ids) - len(asked.nonzero()[wrong, 0].unique())
    return right / len(texts)


@torch.inference_mode()
def two_way(model: Any, encoder: Encoder, texts: Sequence[Segments]) -> float:
    """Share of comparisons whose answer is more likely than the one with the opposite comparative."""
    right = 0
    for text in texts:
        answer = text[-1].text
        said = answer[1:].partition(" than")[0]
        wrong = [*text[:-1], Segment(answer.replace(said, POLES[said], 1), 1.0)]
        pair = batch([encoder.encode(text), encoder.encode(wrong)])
        logprobs = (
            model(input_ids=pair.ids, position_ids=pair.positions, use_cache=False).logits[:, :-1].log_softmax(-1)
        )
        chosen = logprobs.gather(-1, pair.targets[..., None]).squeeze(-1)
        scores = (chosen * (pair.weights == 1.0)).sum(dim=1)
        right += int(scores[0] > scores[1])
    return right / len(texts)
