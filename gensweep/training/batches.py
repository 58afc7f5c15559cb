"""Examples as token ids, the order in which they are met, and their packing into rows with a block mask."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch

from gensweep.errors import UserError
from gensweep.models.tokens import TextEncoder
from gensweep.records import Example

_MIN_ROW = 512
"""Rows are at least this long (tokens) when there is enough to fill them: short examples share a row."""
IGNORED = -100


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Tokens:
    """One example: ``ids`` and, for each, whether it is a target that the loss is taken on."""

    ids: tuple[int, ...]
    is_target: tuple[bool, ...]

    @property
    def targets(self) -> int:
        """Number of tokens that the loss falls on; the first token of a sequence is never predicted."""
        return sum(self.is_target[1:])


def tokenise(examples: Sequence[Example], tokenizer: Any, window: int) -> list[Tokens]:
    """Start token (if the tokenizer adds one), context, text, end token; text and end token are targets.

    Raises:
        UserError: an example is longer than the model's ``window`` of tokens.
    """
    encoder = TextEncoder(tokenizer)
    start = encoder.context("")
    end = [] if tokenizer.eos_token_id is None else [tokenizer.eos_token_id]
    contexts = encoder.encode([example.context for example in examples])
    texts = encoder.encode([example.text for example in examples])
    result = []
    for example, context, text in zip(examples, contexts, texts, strict=True):
        ids = [*start, *context, *text, *end]
        if len(ids) > window:
            raise UserError(
                f"the training text {example.text[:40]!r}… has {len(ids)} tokens but the model reads {window}: "
                "split it into sentences with splitting: independent, or lower chunk_characters of your documents"
            )
        unpredicted = len(start) + len(context)
        is_target = [False] * unpredicted + [True] * (len(ids) - unpredicted)
        result.append(Tokens(ids=tuple(ids), is_target=tuple(is_target)))
    return result


def batches(count: int, batch_size: int, steps: int, seed: int) -> Iterator[list[int]]:
    """``steps`` global batches of indices: pass after pass over the ``count`` examples, each in a new seeded order."""
    generator = np.random.default_rng(seed)
    queue: list[int] = []
    for _ in range(steps):
        while len(queue) < batch_size:
            queue += generator.permutation(count).tolist()
        batch, queue = queue[:batch_size], queue[batch_size:]
        yield batch


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """Packed rows: ``input_ids`` and ``positions`` are ``(rows, length)``.

    ``predicting`` has the ``(predictions,)`` columns in which any row predicts a target, ``labels`` (rows, predictions)
    the *next* token there if that is a target of the same example, else ``IGNORED``; ``mask`` is
    ``(rows, 1, length, length)``, additive: 0 where a token may look, the dtype's minimum elsewhere.
    """

    input_ids: torch.Tensor
    predicting: torch.Tensor
    labels: torch.Tensor
    positions: torch.Tensor
    mask: torch.Tensor

    def to(self, device: torch.device) -> "Batch":
        """The same batch on ``device``."""
        return Batch(**{field.name: getattr(self, field.name).to(device) for field in dataclasses.fields(self)})


def pack(examples: Sequence[Tokens]) -> Batch:
    """Examples side by side in the rows of first-fit by falling length; none sees another, positions restart."""
    longest = max(len(example.ids) for example in examples)
    capacity = max(longest, min(_MIN_ROW, sum(len(example.ids) for example in examples)))
    rows: list[list[Tokens]] = []
    room: list[int] = []
    for example in sorted(examples, key=lambda item: -len(item.ids)):
        row = next((index for index, free in enumerate(room) if free >= len(example.ids)), None)
        if row is None:
            rows.append([])
            room.append(capacity)
            row = len(rows) - 1
        rows[row].append(example)
        room[row] -= len(example.ids)
    length = capacity - min(room)
    shape = (len(rows), length)
    input_ids = np.zeros(shape, dtype=np.int64)
    labels = np.full(shape, IGNORED, dtype=np.int64)
    positions = np.zeros(shape, dtype=np.int64)
    segments = np.arange(-length, 0)[None].repeat(len(rows), axis=0)  # padding: each a segment of its own
    for row, members in enumerate(rows):
        at = 0
        for segment, example in enumerate(members):
            size = len(example.ids)
            ids = np.array(example.ids)
            input_ids[row, at : at + size] = ids
            labels[row, at : at + size - 1] = np.where(example.is_target[1:], ids[1:], IGNORED)
            positions[row, at : at + size] = np.arange(size)
            segments[row, at : at + size] = segment
            at += size
    visible = (segments[:, :, None] == segments[:, None, :]) & np.tri(length, dtype=bool)
    mask = torch.zeros(visible.shape).masked_fill_(torch.from_numpy(~visible), torch.finfo(torch.float32).min)
    predicting = np.flatnonzero((labels != IGNORED).any(axis=0))
    return Batch(
        input_ids=torch.from_numpy(input_ids),
        predicting=torch.from_numpy(predicting),
        labels=torch.from_numpy(labels[:, predicting]),
        positions=torch.from_numpy(positions),
        mask=mask[:, None],
    )
