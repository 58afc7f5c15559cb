"""The augment stage: requests in stored blocks, generations, statements, and what became of each.

``generate`` is its expensive step; a cluster passes its own with the same signature.
"""

import collections
import dataclasses
import functools
import itertools
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from gensweep import augment, modes
from gensweep.augment import audit, failures, global_, judge
from gensweep.augment.world import stated_targets
from gensweep.errors import UserError
from gensweep.keys import identity, stage_key
from gensweep.models import hub
from gensweep.models.base import LanguageModel
from gensweep.progress import Event, Notify, ignore
from gensweep.records import Dataset, Document, Generation, GenerationRequest, Rejection, from_table, to_table
from gensweep.specs import Augmentation
from gensweep.store import Entry, Store

BLOCK = 64
"""Requests per stored block of generations at most; a kill loses the blocks that have requests under way."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """Requests that are generated and stored together under ``key``; ``done`` is what an earlier run has of them."""

    key: str
    requests: tuple[GenerationRequest, ...]
    done: tuple[Generation, ...] = ()

    @property
    def pending(self) -> list[GenerationRequest]:
        """The requests that are still to be generated."""
        done = {generation.request_id for generation in self.done}
        return [request for request in self.requests if request.id not in done]


Generate = Callable[[Sequence[Block], str, Store, Callable[[str], None]], None]
"""``generate(blocks, model, store, on_done)`` puts every block into the store; ``on_done`` hears the key of each."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Augmenting:
    """An augmentation to be done: the model ``generator`` infers from ``dataset``; ``key`` identifies the result."""

    key: str
    dataset: Dataset
    settings: Augmentation
    generator: str
    seed: int


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class _Generated:
    """One generation per request, in their order, and the wall time in seconds that they took."""

    generations: list[Generation]
    seconds: float


_Steps = Generator[list[GenerationRequest], _Generated, Entry]
"""An augmentation as a coroutine: it asks for generations, once or twice, and ends with its entry."""


def _steps(job: Augmenting, store: Store) -> _Steps:
    requests = plan(job)
    answer = yield requests
    generations, seconds = answer.generations, answer.seconds
    statements, rejections = augment.parse(requests, generations, job.dataset)
    documents, dropped = augment.select(statements, job.dataset, job.settings)
    rejections += dropped
    if job.settings.filter == "judge":
        asked = judge.plan(documents, requests, job.dataset, job.settings, _window(job))
        verdicts = yield asked
        documents, dropped = judge.select(documents, asked, verdicts.generations)
        requests, generations = [*requests, *asked], [*generations, *verdicts.generations]
        rejections, seconds = [*rejections, *dropped], seconds + verdicts.seconds
    audited = audit.audit(documents, job.dataset)
    tables = {
        "documents": to_table(documents, Document),
        "requests": to_table(requests, GenerationRequest),
        "generations": to_table(generations, Generation),
        "rejections": to_table(rejections, Rejection),
        "generated": pa.table({"question_id": pa.array(sorted(stated_targets(documents, job.dataset)), pa.string())}),
        "audit": to_table(audited, audit.AuditedStatement),
        "coverage": to_table(audit.coverage(audited, job.dataset), audit.Coverage),
    }
    meta: dict[str, Any] = {
        "seconds_augment": seconds,
        "new_tokens": sum(generation.new_tokens for generation in generations),
        "dollars": hub.cost(job.generator, generations),
        "windows": global_.describe(requests),
        "audit": dataclasses.asdict(audit.summarise(audited, generations, seconds)),
    }
    return store.put("augment", job.key, tables, meta=meta)


class _Work:
    """An augmentation under way, until it has its ``entry`` or an ``error``."""

    def __init__(self, job: Augmenting, store: Store, notify: Notify) -> None:
        self.entry: Entry | None = None
        self.error: Exception | None = None
        self.missing: dict[str, Block] = {}
        self._job, self._store, self._notify = job, store, notify
        self._steps = _steps(job, store)
        self._blocks: list[Block] = []
        self._unchecked: set[str] = set()
        self._checked = 0
        self._failures: list[str] = []
        self._advance(lambda: next(self._steps))

    @property
    def ended(self) -> bool:
        return self.entry is not None or self.error is not None

    def on_done(self, key: str) -> None:
        """A missing block is in the store. Raises UserError if too many of the generations fail."""
        block = self.missing.pop(key)
        self._tell()
        if key in self._unchecked:
            self._unchecked.remove(key)
            self._checked += len(block.requests)
            self._failures += _failures(_entry(key, self._store))
            try:
                failures.check(self._checked, self._failures, self._job.settings.max_failures)
            except UserError as error:
                self.error = error
                raise

    def go_on(self, seconds: float) -> None:
        """With all that was asked for, which took ``seconds``: ask for more, or end."""
        generations = [generation for block in self._blocks for generation in stored_block(block, self._store)]
        answer = _Generated(generations=generations, seconds=seconds)
        self._advance(lambda: self._steps.send(answer))

    def _advance(self, step: Callable[[], list[GenerationRequest]]) -> None:
        try:
            self._ask(step())
        except StopIteration as end:
            self.entry = end.value
            self._notify(Event(condition=self._job.key, stage="done"))
        except Exception as error:  # the caller's to raise; other augmentations go on
            self.error = error

    def _ask(self, requests: list[GenerationRequest]) -> None:
        self._blocks = cut(requests, self._job.generator)
        stored = {block.key: self._store.get("generate", block.key) for block in self._blocks}
        self.missing = {
            block.key: block if entry is None else dataclasses.replace(block, done=_successes(entry))
            for block in self._blocks
            if (entry := stored[block.key]) is None or entry.meta.get("failed")
        }
        self._unchecked = {key for key, entry in stored.items() if entry is None}
        self._tell()

    def _tell(self) -> None:
        done, total = len(self._blocks) - len(self.missing), len(self._blocks)
        self._notify(Event(condition=self._job.key, stage="augment", done=done, total=total))


def run_augmentation(job: Augmenting, store: Store, *, generate: Generate, notify: Notify = ignore) -> Entry:
    """One augmentation by itself; raises what ends it."""
    work = _Work(job, store, notify)
    _run_together([work], job.generator, store, generate)
    if work.error is not None:
        raise work.error
    assert work.entry is not None
    return work.entry


def run_augmentations(
    jobs: Sequence[Augmenting], store: Store, *, generate: Generate, notify: Notify = ignore
) -> dict[str, Exception]:
    """Plan, generate what no stored block holds, parse, filter, audit: each job's entry comes into the store.

    An entry has the tables documents, requests, generations, rejections, ``generated`` (ids of the questions whose
    answer a document writes down), audit and coverage; its meta data have the audit's summary, its part of the wall
    time in seconds, and the dollars that an endpoint's generations cost by the prices in its name.

    The jobs of one generator go through it together, so that it is loaded once. One that fails leaves the others alone;
    what ended it is returned by the job's key.
    """
    failed: dict[str, Exception] = {}
    for generator in dict.fromkeys(job.generator for job in jobs):
        works = {job.key: _Work(job, store, notify) for job in jobs if job.generator == generator}
        _run_together(list(works.values()), generator, store, generate)
        failed |= {key: work.error for key, work in works.items() if work.error is not None}
    return failed


def _run_together(works: Sequence[_Work], generator: str, store: Store, generate: Generate) -> None:
    """Bring augmentations to their ends; what they wait for at a time is generated together."""
    while active := [work for work in works if not work.ended]:
        waiting: dict[str, list[_Work]] = collections.defaultdict(list)
        blocks: dict[str, Block] = {}
        for work in active:
            blocks |= work.missing
            for key in work.missing:
                waiting[key].append(work)
        asked = [sum(len(block.pending) for block in work.missing.values()) for work in active]
        started = time.perf_counter()
        try:
            generate(list(blocks.values()), generator, store, functools.partial(_on_done, waiting))
        except Exception as error:
            # Where one of them stopped the generator, the others go on with what they still lack.
            for work in active if not any(work.ended for work in active) else ():
                work.error = error
            continue
        seconds = time.perf_counter() - started
        for work, own in zip(active, asked, strict=True):
            work.go_on(seconds * own / max(1, sum(asked)))


def _on_done(waiting: Mapping[str, Sequence[_Work]], key: str) -> None:
    for work in waiting[key]:
        work.on_done(key)


def _successes(entry: Entry) -> tuple[Generation, ...]:
    return tuple(item for item in from_table(entry.table("generations"), Generation) if item.finish != "error")


def _failures(entry: Entry) -> list[str]:
    """The reasons of the generations that failed; most blocks have none, and are not read for it."""
    if not entry.meta["failed"]:
        return []
    return [item.error for item in from_table(entry.table("generations"), Generation) if item.finish == "error"]


def plan(job: Augmenting) -> list[GenerationRequest]:
    """The generation requests of an augmentation. Raises UserError if a prompt is wrong or does not fit the window."""
    return augment.plan(job.dataset, job.settings, job.seed, _window(job))


def _window(job: Augmenting) -> augment.Window:
    reader = modes.reader(job.generator)
    return augment.Window(size=reader.window, count_tokens=reader.count_tokens, chat=reader.chat)


def cut(requests: Sequence[GenerationRequest], generator: str) -> list[Block]:
    """Requests in blocks, each with the key of its own content; those of one block share their context."""
    parts = []
    for _, group in itertools.groupby(requests, key=lambda request: request.context):
        shared = tuple(group)
        parts += [shared[start : start + BLOCK] for start in range(0, len(shared), BLOCK)]
    weights = identity(generator)
    return [Block(key=stage_key("generate", weights, part), requests=part) for part in parts]


def stored_block(block: Block, store: Store) -> list[Generation]:
    """The generations of a block that is in the store, in the order of its requests."""
    stored = from_table(_entry(block.key, store).table("generations"), Generation)
    generations = {item.request_id: item for item in stored}
    return [generations[request.id] for request in block.requests]


def _entry(key: str, store: Store) -> Entry:
    entry = store.get("generate", key)
    assert entry is not None, f"the generator ended without storing block {key}"
    return entry


def generate_blocks(blocks: Sequence[Block], model: LanguageModel, store: Store) -> Iterator[Block]:
    """Generate and store the blocks, and yield each when it is there.

    The model gets their requests at once, so that the next block's take the place of those that end.
    """
    return store_complete(blocks, model.generate([request for block in blocks for request in block.pending]), store)


def store_complete(blocks: Sequence[Block], generations: Iterable[Generation], store: Store) -> Iterator[Block]:
    """Store each block when the last of its generations has come, in any order, and yield it then."""
    block_of = {request.id: block for block in blocks for request in block.requests}
    here = {block.key: list(block.done) for block in blocks}
    for generation in generations:
        block = block_of[generation.request_id]
        here[block.key].append(generation)
        if len(here[block.key]) == len(block.requests):
            complete = here.pop(block.key)
            failed = sum(item.finish == "error" for item in complete)
            store.put("generate", block.key, {"generations": to_table(complete, Generation)}, meta={"failed": failed})
            yield block


def generate_inline(blocks: Sequence[Block], model: str, store: Store, on_done: Callable[[str], None]) -> None:
    """``Generate`` in this process."""
    if not blocks:
        return
    for block in generate_blocks(blocks, modes.base_model(model), store):
        on_done(block.key)
