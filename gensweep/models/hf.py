"""A causal language model of transformers: scores choices behind a shared context, and generates."""

import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from transformers.cache_utils import DynamicCache, DynamicLayer, DynamicSlidingWindowLayer

from gensweep.errors import UserError
from gensweep.models import generation
from gensweep.models.memory import PassBudget
from gensweep.models.packing import Pack
from gensweep.models.reader import HFReader
from gensweep.models.shared_prefix import (
    PackCache,
    Pass,
    PrefillCache,
    Prefix,
    UnsupportedAttentionError,
    forward,
    shared_attention,
)
from gensweep.records import Generation, GenerationRequest, Question, Score
from gensweep.scoring import exact_match

_PREFILL_FACTOR = 4
"""A causal pass needs neither a mask nor more than one row of logits: it may hold this many times a pack's tokens."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class _Read:
    """A context as read by the model: its keys and values, and the logits ``(1, vocabulary)`` of what comes next."""

    prefix: Prefix
    next_logits: torch.Tensor | None


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class _Sequence:
    """A continuation of the context: ``choice`` is scored behind ``prompt``."""

    prompt: tuple[int, ...]
    choice: tuple[int, ...]


class HFModel(HFReader):
    """A causal language model in memory: any module of transformers with softmax attention, fine-tuned or not."""

    def __init__(self, name: str, module: Any, tokenizer: Any) -> None:
        """Raises UserError for an architecture whose memory of a text is more than keys and values."""
        self._spans = _attention_spans(name, module)
        self._config = module.config.get_text_config(decoder=True)
        super().__init__(name, tokenizer, self._config.max_position_embeddings)
        self.module = module
        parameter = next(module.parameters())
        self._device = parameter.device
        self._dtype = parameter.dtype
        self._budget = PassBudget(self._config, self._dtype, self._device)
        self._last_read: tuple[list[int], Prefix] | None = None  # generations come in blocks that share a context

    def score(self, context: str, questions: Sequence[Question]) -> Iterator[Score]:
        """One score per question, in order; see ``LanguageModel.score``."""
        if written := [question for question in questions if question.stop]:
            self.check(context, written)
        yield from exact_match.scores(context, questions, choose=self._choices, write=self.generate)

    def _choices(self, context: str, questions: Sequence[Question]) -> Iterator[Score]:
        """The scores of questions with choices.

        The unconditional log-probability of a choice is that of the same tokens behind the start token alone (the end
        token where the model has no start token, as in lm-evaluation-harness).
        """
        start, encoded = self._encode(context, questions)
        self._last_read = None
        alone = self._unconditional(encoded)
        unseen = [] if start else self._start()  # the first token of a text is predicted by nothing else
        groups = [[_Sequence(prompt=tuple(p or unseen), choice=tuple(c)) for c in choices] for p, choices in encoded]
        for question, group, logprobs in zip(questions, groups, self._logprobs(start, groups), strict=True):
            yield Score(
                question_id=question.id,
                choice_logprobs=tuple(logprobs),
                choice_tokens=tuple(len(sequence.choice) for sequence in group),
                choice_bytes=tuple(len(choice.encode()) for choice in question.choices),
                choice_unconditional_logprobs=tuple(alone[sequence.choice] for sequence in group),
            )

    def generate(self, requests: Sequence[GenerationRequest]) -> Iterator[Generation]:
        """One generation per request, in order of completion; see ``LanguageModel.generate``."""
        for context, group in generation.by_context(requests).items():
            start = self._text.context(context)
            jobs, refused = generation.jobs(self._text, len(start), group, self.window)
            yield from refused
            if jobs:
                if self._last_read is None or self._last_read[0] != start:
                    self._last_read = None  # its memory is free before the next context is read
                    self._last_read = (start, self._read(start).prefix)
                yield from generation.generate(self.module, self.tokenizer, self._last_read[1], jobs, self._budget)

    def verify(self) -> None:
        """Compare packed scores with plain forward passes on a few tokens.

        Raises:
            UserError: the architecture's attention is more than softmax over keys, so that the scores differ.
        """
        size = min(self._config.vocab_size, 1000)
        ids = [(7 * index + 11) % size for index in range(12)]
        start, prompt = ids[:4], tuple(ids[4:7])
        group = [_Sequence(prompt=prompt, choice=tuple(ids[7:10])), _Sequence(prompt=prompt, choice=tuple(ids[9:12]))]
        plain = [self._plain_logprob([*start, *sequence.prompt], sequence.choice) for sequence in group]
        try:
            packed = next(self._logprobs(start, [group]))
        except (UnsupportedAttentionError, TypeError) as error:  # TypeError: an argument does not reach the attention
            raise self._unsupported(str(error)) from error
        tolerance = 1e-3 if self._dtype == torch.float32 else 0.3
        for ours, theirs in zip(packed, plain, strict=True):
            if abs(ours - theirs) > tolerance * max(1.0, abs(theirs)):
                raise self._unsupported(f"log-probability {ours:.4f} instead of {theirs:.4f}")

    def _unsupported(self, reason: str) -> UserError:
        kind = type(self.module).__name__
        return UserError(
            f"model {self.name}: {kind} cannot score many questions behind one context ({reason}): "
            "choose a model with plain softmax attention"
        )

    @torch.inference_mode()
    def _plain_logprob(self, before: list[int], choice: tuple[int, ...]) -> float:
        ids = torch.tensor([[*before, *choice]], device=self._device)
        training = self.module.training
        self.module.eval()
        logprobs = self.module(input_ids=ids, use_cache=False).logits[0].float().log_softmax(-1)
        self.module.train(training)
        return float(logprobs[len(before) - 1 : -1].cpu()[range(len(choice)), choice].sum())

    def _start(self) -> list[int]:
        if self._text.start_token is None:
            raise UserError(
                f"model {self.name}: its tokenizer has neither a start nor an end token to begin a text with"
            )
        return [self._text.start_token]

    def _unconditional(self, encoded: list[Any]) -> dict[tuple[int, ...], float]:
        # Sorted, so that choices with the same beginning meet in one row and share it.
        unique = sorted({tuple(choice) for _, choices in encoded for choice in choices})
        groups = [[_Sequence(prompt=(), choice=choice)] for choice in unique]
        if not groups:
            return {}
        return {c: values[0] for c, values in zip(unique, self._logprobs(self._start(), groups), strict=True)}

    def _logprobs(self, start: list[int], groups: Sequence[list[_Sequence]]) -> Iterator[list[float]]:
        """Log-probability (nats) of each sequence's choice behind ``start`` and its prompt, group by group."""
        read = self._read(start)
        at = 0
        while at < len(groups):
            packed = self._budget.attempt(lambda tokens, at=at: self._score_pack(read, groups, at, tokens))  # type: ignore[misc]
            yield from packed
            at += len(packed)

    def _read(self, ids: list[int]) -> _Read:
        """Prefill: run ``ids`` through the model in chunks and keep their keys and values."""
        prefix = Prefix(len(ids), self._spans)
        logits = None
        with shared_attention(self.module):
            while prefix.length < len(ids):
                logits = self._budget.attempt(lambda tokens: self._prefill(prefix, ids, tokens * _PREFILL_FACTOR))
        return _Read(prefix=prefix, next_logits=logits)

    def _prefill(self, prefix: Prefix, ids: list[int], tokens: int) -> torch.Tensor:
        chunk = torch.tensor([ids[prefix.length : prefix.length + tokens]], device=self._device)
        positions = torch.arange(prefix.length, prefix.length + chunk.shape[1], device=self._device)[None]
        logits = forward(self.module, chunk, Pass(prefix, positions), cache=PrefillCache(prefix), logits_at=1)
        prefix.length += chunk.shape[1]
        return logits[0]

    def _score_pack(self, read: _Read, groups: Sequence[list[_Sequence]], at: int, tokens: int) -> list[list[float]]:
        """The log-probabilities of as many groups, from index ``at`` on, as fit into ``tokens``; at least one."""
        pack = Pack()
        predictors: list[int] = []  # for each token to score: the node that predicts it; -1: the end of the context
        targets: list[int] = []
        counts: list[list[int]] = []
        for group in itertools.islice(groups, at, None):
            sequences = [sequence.prompt + sequence.choice[:-1] for sequence in group]
            if counts and pack.size_with(sequences) > tokens:
                break
            for sequence, path in zip(group, pack.insert(sequences), strict=True):
                predictors += [-1, *path][len(sequence.prompt) :]
                targets += sequence.choice
            counts.append([len(sequence.choice) for sequence in group])
        wanted, rows = torch.tensor(predictors, device=self._device).unique(return_inverse=True)
        logits = self._pack_logits(read, pack, wanted)
        picked = logits[rows, torch.tensor(targets, device=self._device)]
        values = iter((picked - logits.logsumexp(-1)[rows]).double().cpu().tolist())
        return [[sum(next(values) for _ in range(count)) for count in group] for group in counts]

    def _pack_logits(self, read: _Read, pack: Pack, wanted: torch.Tensor) -> torch.Tensor:
        """Float32 logits ``(len(wanted), vocabulary)`` at the sorted nodes ``wanted``; -1 is the end of the context."""
        nodes = wanted[wanted >= 0]
        parts = []
        if len(nodes) < len(wanted):
            assert read.next_logits is not None
            parts.append(read.next_logits)
        if len(nodes):
            layout = pack.layout(self._dtype, self._device)
            run = Pass(read.prefix, layout.depths + read.prefix.length, mask=layout.mask, blocks=layout.rows)
            with shared_attention(self.module):
                logits = forward(self.module, layout.tokens, run, cache=PackCache(), logits_at=layout.place[nodes])
            parts.append(logits[0])
        return torch.cat(parts) if len(parts) > 1 else parts[0]


def _attention_spans(name: str, module: Any) -> list[int | None]:
    """How many tokens each layer attends to, itself included; None for all that came before.

    Raises:
        UserError: a layer has another kind of memory.
    """
    kind = type(module).__name__
    if not module._can_set_attn_implementation():
        raise UserError(f"model {name}: {kind} does not take an attention function: choose another model")
    spans: list[int | None] = []
    types = getattr(module.config.get_text_config(decoder=True), "layer_types", None) or []
    for layer in DynamicCache(config=module.config).layers:
        if type(layer) is DynamicSlidingWindowLayer and "chunked_attention" not in types:
            spans.append(layer.sliding_window)
        elif type(layer) is DynamicLayer:
            spans.append(None)
        else:
            memory = type(layer).__name__.removesuffix("Layer")
            raise UserError(
                f"model {name}: {kind} keeps a {memory} memory, which many continuations cannot share: "
                "choose a model whose layers attend to all tokens or to a sliding window"
            )
    return spans
