"""Greedy decoding and sampling of many requests behind one shared context; a finished row makes room for the next."""

import collections
import dataclasses
import itertools
import random
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from transformers import Cache

from gensweep.models.memory import PassBudget, free_bytes
from gensweep.models.packing import Pack, additive
from gensweep.models.shared_prefix import PackCache, Pass, Prefix, forward, shared_attention
from gensweep.models.tokens import TextEncoder, anchor
from gensweep.records import Generation, GenerationRequest

_MOST_ROWS = {"cpu": 128, "cuda": 256}
_SHARE = 0.3
"""Part of the free memory that the rows' own keys and values may take."""
_ALIGNMENT = 8
"""Key lengths are multiples of this, which CUDA attention kernels want of a mask's rows."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A request that fits: the ids of its prompt and how many tokens it may write."""

    request: GenerationRequest
    ids: tuple[int, ...]
    limit: int


def by_context(requests: Sequence[GenerationRequest]) -> dict[str, list[GenerationRequest]]:
    """The requests of each context, contexts in order of appearance."""
    groups: dict[str, list[GenerationRequest]] = {}
    for request in requests:
        groups.setdefault(request.context, []).append(request)
    return groups


def jobs(
    text: TextEncoder, start: int, requests: Sequence[GenerationRequest], window: int
) -> tuple[list[Job], list[Generation]]:
    """What can be generated behind a context of ``start`` tokens, and an error for each request that cannot be.

    A generation that would outgrow the window ends with ``length`` where the window does.
    """
    before = anchor(requests[0].context)
    prompts = [request.prompt for request in requests]
    joined = text.continuations([(before, prompt) for prompt in prompts])
    # A prompt that would merge with the context is encoded as if it stood alone: nothing is scored at this boundary.
    encoded = [ids if ids is not None else alone for ids, alone in zip(joined, text.encode(prompts), strict=True)]
    fitting, refused = [], []
    for request, prompt in zip(requests, encoded, strict=True):
        ids = prompt or ([] if start or text.start_token is None else [text.start_token])
        room = window - start - len(ids)
        if room < 1 or start + len(ids) == 0 or request.max_tokens < 1:
            length = start + len(ids)
            error = (
                f"a prompt of {length} tokens in a window of {window} leaves nothing of {request.max_tokens} to write"
            )
            refused.append(
                _generation(request, text="", prompt_tokens=length, new_tokens=0, finish="error", error=error)
            )
        else:
            fitting.append(Job(request=request, ids=tuple(ids), limit=min(request.max_tokens, room)))
    return fitting, refused


def _generation(request: GenerationRequest, **values: Any) -> Generation:
    return Generation(request_id=request.id, source_id=request.source_id, **values)


@dataclasses.dataclass(kw_only=True, slots=True)
class _Row:
    """A request under way. ``random`` is its own, so that its neighbours cannot change what it draws."""

    job: Job
    random: random.Random
    new: list[int] = dataclasses.field(default_factory=list)

    @property
    def length(self) -> int:
        """Tokens whose keys and values are stored: all but the one that was chosen last."""
        return len(self.job.ids) + len(self.new) - 1


class _RowsCache(Cache):
    """Each row's own keys and values, per layer ``(rows, key_heads, capacity, head_dim)``."""

    def __init__(self, rows: int, capacity: int) -> None:
        super().__init__(layers=[])
        self._shape = (rows, capacity)
        self._buffers: list[tuple[torch.Tensor, torch.Tensor]] = []
        self._first = 0
        self._at = torch.empty(0, dtype=torch.long)
        self._longest = 0

    def admit(self, row: int, path: torch.Tensor, layers: list[tuple[torch.Tensor, torch.Tensor]]) -> None:
        """Copy a row's prompt from the pack that it was read in: its tokens are at the indices ``path``."""
        rows, capacity = self._shape
        if not self._buffers:
            self._buffers = [
                (
                    k.new_zeros(rows, k.shape[1], capacity, k.shape[3]),
                    v.new_zeros(rows, v.shape[1], capacity, v.shape[3]),
                )
                for k, v in layers
            ]
        for own, packed in zip(self._buffers, layers, strict=True):
            for buffer, new in zip(own, packed, strict=True):
                buffer[row, :, : len(path)] = new[0][:, path]

    def move(self, source: int, target: int) -> None:
        """Row ``source`` takes the place ``target``."""
        for own in self._buffers:
            for buffer in own:
                buffer[target] = buffer[source]

    def place(self, start: int, lengths: torch.Tensor, longest: int) -> int:
        """The next pass is over rows from ``start`` on, their tokens go to ``lengths``; returns its number of keys."""
        self._first = start
        self._at = lengths
        self._longest = min(self._shape[1], -(-longest // _ALIGNMENT) * _ALIGNMENT)
        return self._longest

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, layer_idx: int, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """All own keys and values of the pass's rows, the new ones included."""
        here = slice(self._first, self._first + len(self._at))
        keys, values = (buffer[here] for buffer in self._buffers[layer_idx])
        rows = torch.arange(len(self._at), device=keys.device)
        keys[rows, :, self._at] = key_states[:, :, 0]
        values[rows, :, self._at] = value_states[:, :, 0]
        return keys[:, :, : self._longest], values[:, :, : self._longest]

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """Unused: every pass states its positions."""
        return 0


class _Batch:
    """The rows under way and what they have in memory."""

    def __init__(self, module: Any, tokenizer: Any, prefix: Prefix, waiting: Sequence[Job], budget: PassBudget) -> None:
        self._module = module
        self._tokenizer = tokenizer
        self._prefix = prefix
        self._budget = budget
        self._end = _end_tokens(module, tokenizer)
        parameter = next(module.parameters())
        self._device, self._dtype = parameter.device, parameter.dtype
        self.waiting = collections.deque(waiting)
        self.rows: list[_Row] = []
        longest = max(len(job.ids) + job.limit for job in waiting)
        capacity = -(-longest // _ALIGNMENT) * _ALIGNMENT
        most = min(len(waiting), _MOST_ROWS.get(self._device.type, 32))
        self._places = max(1, min(most, _rows_that_fit(module, capacity, self._dtype, self._device)))
        self._cache = _RowsCache(self._places, capacity)

    def advance(self) -> list[Generation]:
        """Go on until at least one row ends; the last row moves into each gap."""
        done: list[Generation] = []
        with shared_attention(self._module):
            while not done:
                if self._has_room():
                    self._admit()
                else:
                    self._budget.attempt(self._step)
                done = list(self._release())
        return done

    def _has_room(self) -> bool:
        """Whether to read new prompts now: a quarter of the rows at a time, as each such pass holds up the others."""
        free = self._places - len(self.rows)
        return bool(self.waiting) and (not self.rows or free >= max(1, self._places // 4))

    def _admit(self) -> None:
        """Read as many waiting prompts as fit, in one pass, and choose their first tokens."""
        logits, cache, paths = self._budget.attempt(self._read_prompts)
        started = []
        for path in paths:
            job = self.waiting.popleft()
            row = _Row(job=job, random=random.Random(job.request.seed))
            self._cache.admit(len(self.rows), path, cache.layers_kept)
            self.rows.append(row)
            started.append(row)
        _choose(started, logits)

    def _read_prompts(self, tokens: int) -> tuple[torch.Tensor, PackCache, list[torch.Tensor]]:
        pack = Pack()
        paths: list[list[int]] = []
        for job in itertools.islice(self.waiting, self._places - len(self.rows)):
            if paths and pack.size_with([job.ids]) > tokens:
                break
            paths += pack.insert([job.ids])
        layout = pack.layout(self._dtype, self._device)
        run = Pass(self._prefix, layout.depths + self._prefix.length, mask=layout.mask, blocks=layout.rows)
        cache = PackCache(keep=True)
        places = [layout.place[path] for path in paths]
        last = torch.stack([place[-1] for place in places])
        logits = forward(self._module, layout.tokens, run, cache=cache, logits_at=last)
        return logits[0], cache, places

    def _step(self, tokens: int) -> None:
        """One more token for every row, in passes over so many rows."""
        logits = [
            self._step_rows(start, self.rows[start : start + tokens]) for start in range(0, len(self.rows), tokens)
        ]
        _choose(self.rows, torch.cat(logits))

    def _step_rows(self, start: int, rows: Sequence[_Row]) -> torch.Tensor:
        at = torch.tensor([row.length for row in rows], device=self._device)
        keys = torch.arange(self._cache.place(start, at, max(row.length for row in rows) + 1), device=self._device)
        run = Pass(
            self._prefix,
            (at + self._prefix.length)[:, None],
            mask=additive(keys <= at[:, None], self._dtype)[:, None, None],
            key_positions=(keys + self._prefix.length)[None],
        )
        ids = torch.tensor([[row.new[-1]] for row in rows], device=self._device)
        return forward(self._module, ids, run, cache=self._cache, logits_at=1)[:, -1]

    def _release(self) -> Iterator[Generation]:
        for index in reversed(range(len(self.rows))):
            generation = self._finished(self.rows[index])
            if generation is None:
                continue
            yield generation
            last = self.rows.pop()
            if index < len(self.rows):
                self._cache.move(len(self.rows), index)
                self.rows[index] = last

    def _finished(self, row: _Row) -> Generation | None:
        request = row.job.request
        ended = row.new[-1] in self._end
        if not ended and len(row.new) < row.job.limit:
            # A token adds a byte or more, and the first one decoded may lose its space: a stop string is in this tail.
            tail = self._decode(row.new[-1 - max((len(stop.encode()) for stop in request.stop), default=0) :])
            if not any(stop in tail for stop in request.stop):
                return None
        text, stopped = request.until_stop(self._decode(row.new))
        return _generation(
            request,
            text=text,
            prompt_tokens=self._prefix.length + len(row.job.ids),
            new_tokens=len(row.new),
            finish="stop" if ended or stopped else "length",
        )

    def _decode(self, ids: list[int]) -> str:
        text: str = self._tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text


@torch.inference_mode()
def _choose(rows: Sequence[_Row], logits: torch.Tensor) -> None:
    """Append each row's next token: the likeliest at temperature 0, else drawn by inverse transform sampling."""
    likeliest = logits.argmax(-1).tolist()
    for row, token in zip(rows, likeliest, strict=True):
        row.new.append(token)
    sampling = [index for index, row in enumerate(rows) if row.job.request.temperature > 0]
    if not sampling:
        return
    temperatures = torch.tensor([rows[index].job.request.temperature for index in sampling], device=logits.device)
    cumulative = (logits[sampling] / temperatures[:, None]).softmax(-1).double().cumsum(-1)
    draws = torch.tensor([rows[index].random.random() for index in sampling], dtype=torch.float64, device=logits.device)
    tokens = torch.searchsorted(cumulative, (draws * cumulative[:, -1])[:, None], right=True)[:, 0]
    for index, token in zip(sampling, tokens.clamp(max=logits.shape[-1] - 1).tolist(), strict=True):
        rows[index].new[-1] = token


def generate(
    module: Any, tokenizer: Any, prefix: Prefix, waiting: Sequence[Job], budget: PassBudget
) -> Iterator[Generation]:
    """Generations of all jobs behind ``prefix``, in order of completion."""
    batch = _Batch(module, tokenizer, prefix, waiting, budget)
    while batch.rows or batch.waiting:
        yield from batch.advance()


def _end_tokens(module: Any, tokenizer: Any) -> set[int]:
    declared = getattr(module.generation_config, "eos_token_id", None) if module.generation_config else None
    several = declared if isinstance(declared, list | tuple) else [declared]
    return {token for token in [*several, tokenizer.eos_token_id] if token is not None}


def _rows_that_fit(module: Any, capacity: int, dtype: torch.dtype, device: torch.device) -> int:
    config = module.config.get_text_config(decoder=True)
    key_heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    row = 2 * config.num_hidden_layers * key_heads * head_dim * capacity * dtype.itemsize
    return int(_SHARE * free_bytes(device)) // row
