"""The augment stage: requests in stored blocks, generations, statements, and what became of each.

``generate`` is its expensive step; a cluster passes its own with the same signature.
"""

import collections
import dataclasses
import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa

from gensweep import augment, modes
from gensweep.augment import audit, failures, global_, judge
from gensweep.augment.world import stated_targets
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


Generate = Callable[[Sequence[Block], str, Store, Callable[[int], None]], None]
"""``generate(blocks, model, store, on_done)`` puts every block into the store; ``on_done`` hears how many are there."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Augmenting:
    """An augmentation to be done: the model ``generator`` infers from ``dataset``; ``key`` identifies the result."""

    key: str
    dataset: Dataset
    settings: Augmentation
    generator: str
    seed: int


def run_augmentation(job: Augmenting, store: Store, *, generate: Generate, notify: Notify = ignore) -> Entry:
    """Plan, generate what no stored block holds, parse, filter, audit.

    The entry has the tables documents, requests, generations, rejections, ``generated`` (ids of the questions whose
    answer a document writes down), audit and coverage; its meta data have the audit's summary, and the dollars that an
    endpoint's generations cost by the prices in its name.
    """
    started = time.perf_counter()
    requests = plan(job)
    generations = _generations(job, requests, store, generate, notify)
    statements, rejections = augment.parse(requests, generations, job.dataset)
    documents, dropped = augment.select(statements, job.dataset, job.settings)
    rejections += dropped
    if job.settings.filter == "judge":
        asked = judge.plan(documents, requests, job.dataset, job.settings, _window(job))
        verdicts = _generations(job, asked, store, generate, notify)
        documents, dropped = judge.select(documents, asked, verdicts)
        requests, generations, rejections = [*requests, *asked], [*generations, *verdicts], [*rejections, *dropped]
    seconds = time.perf_counter() - started
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
    notify(Event(condition=job.key, stage="done"))
    return store.put("augment", job.key, tables, meta=meta)


def _generations(
    job: Augmenting, requests: Sequence[GenerationRequest], store: Store, generate: Generate, notify: Notify
) -> list[Generation]:
    """One generation per request, in their order; those in the store are not generated again, unless they failed.

    Raises:
        UserError: too many of the generations fail.
    """
    blocks = cut(requests, job.generator)
    stored = {block.key: store.get("generate", block.key) for block in blocks}
    missing = [
        block if entry is None else dataclasses.replace(block, done=_successes(entry))
        for block in blocks
        if (entry := stored[block.key]) is None or entry.meta.get("failed")
    ]
    unchecked = collections.deque(block for block in missing if stored[block.key] is None)
    checked: list[Generation] = []

    def on_done(count: int) -> None:
        done = len(blocks) - len(missing) + count
        notify(Event(condition=job.key, stage="augment", done=done, total=len(blocks)))
        while unchecked and store.get("generate", unchecked[0].key) is not None:
            checked.extend(stored_block(unchecked.popleft(), store))
        failures.check(checked, job.settings.max_failures)

    on_done(0)
    generate(missing, job.generator, store, on_done)
    return [generation for block in blocks for generation in stored_block(block, store)]


def _successes(entry: Entry) -> tuple[Generation, ...]:
    return tuple(item for item in from_table(entry.table("generations"), Generation) if item.finish != "error")


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
    entry = store.get("generate", block.key)
    assert entry is not None, f"the generator returned without storing block {block.key}"
    generations = {item.request_id: item for item in from_table(entry.table("generations"), Generation)}
    return [generations[request.id] for request in block.requests]


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


def generate_inline(blocks: Sequence[Block], model: str, store: Store, on_done: Callable[[int], None]) -> None:
    """``Generate`` in this process."""
    if not blocks:
        return
    for done, _ in enumerate(generate_blocks(blocks, modes.base_model(model), store), start=1):
        on_done(done)
