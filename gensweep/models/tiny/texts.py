"""Texts as token ids, and steps of texts as padded micro-batches."""

import dataclasses
import itertools
import random
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch

from gensweep.models.tiny.layouts import Segments


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Encoded:
    """A text's token ids, the weight of each in the loss, and where it stands.

    ``bridges``: places at which a word in between has to be known, and the id of that one.
    """

    ids: Sequence[int]
    weights: Sequence[float]
    positions: Sequence[int]
    bridges: Sequence[tuple[int, int]] = ()


class Encoder:
    """Segments to tokens, each segment by itself as gensweep does with context, prompt and choice."""

    def __init__(self, tokenizer: Any) -> None:
        """``tokenizer``: that of ``tokenizer.build``."""
        self._tokenizer = tokenizer.backend_tokenizer
        self._start: int = tokenizer.bos_token_id
        self._end: int = tokenizer.eos_token_id

    def encode(self, segments: Segments, spread: random.Random | None = None, window: int = 0) -> Encoded:
        """``<s> text </s>``; the end's weight is that of the last segment.

        ``spread`` moves the segments apart to random places of the ``window``, so that short texts show long distances.
        """
        pieces = [e.ids for e in self._tokenizer.encode_batch([s for s, _, _ in segments], add_special_tokens=False)]
        lengths = [len(piece) for piece in pieces]
        ids = [self._start, *itertools.chain.from_iterable(pieces), self._end]
        weights = [0.0]
        bridges = []
        for length, (text, weight, via) in zip(lengths, segments, strict=True):
            if via:
                word = self._tokenizer.encode(text.partition(" ")[0], add_special_tokens=False).ids
                between = self._tokenizer.encode(f" {via}", add_special_tokens=False).ids
                bridges.append((len(weights) + len(word) - 1, between[0]))
            weights += [weight] * length
        weights.append(min(segments[-1].weight, 0.2))
        gaps = [0] * len(segments)
        if spread is not None and (room := window - len(ids)) > 0:
            cuts = sorted(spread.randint(0, room) for _ in segments)
            # A text starts at 0, and a segment that others predict stays behind its cue.
            gaps = [b - a for a, b in itertools.pairwise(cuts)]
            gaps = [0, *gaps]
            gaps = [0 if weight else gap for gap, (_, weight, _) in zip(gaps, segments, strict=True)]
        positions = [0]
        for length, gap in zip(lengths, gaps, strict=True):
            start = positions[-1] + 1 + gap
            positions.extend(range(start, start + length))
        positions.append(positions[-1] + 1)
        return Encoded(ids=ids, weights=weights, positions=positions, bridges=bridges)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """Padded rows: ``ids`` and ``positions`` (rows, length); ``targets`` and ``weights`` (rows, length - 1).

    ``bridges``: row, place and token id of each bridge, ``(bridges, 3)``.
    """

    ids: torch.Tensor
    positions: torch.Tensor
    targets: torch.Tensor
    weights: torch.Tensor
    bridges: torch.Tensor


def batch(texts: Sequence[Encoded]) -> Batch:
    """Texts as rows, filled up on the right, where causal attention makes padding invisible."""
    shape = (len(texts), max(len(text.ids) for text in texts))
    ids, positions = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    weights = np.zeros(shape, dtype=np.float32)
    for row, text in enumerate(texts):
        ids[row, : len(text.ids)] = text.ids
        positions[row, : len(text.ids)] = text.positions
        weights[row, : len(text.ids)] = text.weights
    return Batch(
        ids=torch.from_numpy(ids),
        positions=torch.from_numpy(positions),
        targets=torch.from_numpy(ids[:, 1:].copy()),
        weights=torch.from_numpy(weights[:, 1:].copy()),
        bridges=torch.tensor([(row, *bridge) for row, text in enumerate(texts) for bridge in text.bridges]).view(-1, 3),
    )


def micro_batches(texts: Sequence[Encoded], tokens: int) -> Iterator[Batch]:
    """Texts sorted by length, in batches of at most ``tokens`` tokens with padding (or one text)."""
    rows: list[Encoded] = []
    for text in sorted(texts, key=lambda text: len(text.ids), reverse=True):
        if rows and len(rows[0].ids) * (len(rows) + 1) > tokens:
            yield batch(rows)
            rows = []
        rows.append(text)
    yield batch(rows)
