"""Augmentation with Ray Data: requests stream through a pool of actors that each hold the generator.

Three kinds of pool: for models of transformers, actors that each fill their rows from several blocks; for vLLM, the
engines of ``ray.data.llm``; for an endpoint a single actor, so that its rate limit holds for all of its requests.
"""

import functools
import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import cloudpickle
import ray

from gensweep.augmenting import Block, Generate, generate_blocks, store_complete
from gensweep.distributed.cluster import Share, hushed, user_error_in
from gensweep.models import hub
from gensweep.modes import base_model, reader
from gensweep.store import Store

_MOST_BLOCKS = 8
"""Blocks that an actor gets at a time: enough rows for a GPU, few enough that progress and failures show early."""
_TURNS = 4
"""Times that each actor should at least have its turn, so that all end at about the same time."""
_ENGINE_BATCH, _ENGINE_BATCHES = 32, 32
"""Requests in a batch, and batches at a time, of an engine of vLLM: together as many as the largest GPUs take."""


class Generator:
    """An actor of the pool: the model is loaded once, each block is in the store when its last request is done."""

    def __init__(self, model: str, store: Store, folder: Path) -> None:
        os.chdir(folder)  # so that relative paths mean what they mean to the driver
        self._model = base_model(model)
        self._store = store

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Generate and store the blocks of a batch; what flows on is only their keys."""
        blocks = [cloudpickle.loads(pickled) for pickled in batch["block"]]
        return {"key": [block.key for block in generate_blocks(blocks, self._model, self._store)]}


def ray_generate(share: Share) -> Generate:
    """``Generate`` over the cluster, each actor with ``share`` of it."""
    return functools.partial(_generate, share)


def _generate(share: Share, blocks: Sequence[Block], model: str, store: Store, on_done: Callable[[str], None]) -> None:
    if not blocks:
        return
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    stored = _through_vllm if model.startswith(hub.VLLM) else _through_actors
    try:
        with hushed():
            for key in stored(share, blocks, model, store):
                on_done(key)
    except ray.exceptions.RayError as error:
        raise user_error_in(error) or error from None


def _through_actors(share: Share, blocks: Sequence[Block], model: str, store: Store) -> Iterator[str]:
    """The key of each block that an actor has stored."""
    slots = 1 if model.startswith(hub.OPENAI) else share.slots
    batches = min(len(blocks), max(_TURNS * slots, -(-len(blocks) // _MOST_BLOCKS)))
    rows = [{"block": cloudpickle.dumps(block)} for block in blocks]
    stored = ray.data.from_items(rows, override_num_blocks=batches).map_batches(
        Generator,
        fn_constructor_args=(model, store, Path.cwd()),
        batch_size=None,
        num_cpus=share.cpus,
        num_gpus=share.gpus,
        compute=ray.data.ActorPoolStrategy(size=min(slots, batches)),
    )
    return (row["key"] for row in stored.iter_rows())


def _through_vllm(share: Share, blocks: Sequence[Block], model: str, store: Store) -> Iterator[str]:
    """The key of each block, stored by this process when the engines have done the last of its requests."""
    from gensweep.models import vllm  # brings torch

    source = vllm.source(model)
    asked = reader(model)
    assert isinstance(asked, vllm.VLLMReader)
    jobs, refused = asked.jobs([request for block in blocks for request in block.pending])
    rows = [
        {"job": number, "tokenized_prompt": job.ids, "sampling_params": job.sampling} for number, job in enumerate(jobs)
    ]
    written = (
        asked.written(jobs[row["job"]], row["generated_text"], row["generated_tokens"])
        if not (error := row["__inference_error__"])
        else asked.failed(jobs[row["job"]], error)
        for row in _engine_rows(share, source, vllm.engine_arguments(gpu=share.gpus > 0), rows)
    )
    return (block.key for block in store_complete(blocks, itertools.chain(refused, written), store))


def _engine_rows(
    share: Share, source: str, arguments: dict[str, Any], rows: Sequence[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """What the engines of ``ray.data.llm`` write for ``rows``, in order of completion; ``job`` is the row's own."""
    from ray.data.llm import build_processor, vLLMEngineProcessorConfig

    if not rows:
        return
    batches = -(-len(rows) // _ENGINE_BATCH)
    engines = min(share.slots, batches)
    device = {"CPU": share.cpus, "GPU": share.gpus} if share.gpus else {"CPU": share.cpus}
    config = vLLMEngineProcessorConfig(
        model_source=source,
        engine_kwargs=arguments,
        concurrency=(engines, engines),
        batch_size=_ENGINE_BATCH,
        max_concurrent_batches=_ENGINE_BATCHES,
        placement_group_config={"bundles": [device]},
        should_continue_on_error=True,
        log_engine_metrics=False,
        chat_template_stage=False,
        tokenize_stage=False,
        detokenize_stage=False,
    )
    wanted = ("job", "generated_text", "generated_tokens")
    process = build_processor(
        config,
        postprocess=lambda row: {name: row[name] for name in wanted},
        preprocess_map_kwargs={"num_cpus": 0},  # the engines may hold every CPU
        postprocess_map_kwargs={"num_cpus": 0},
    )
    yield from process(ray.data.from_items(list(rows), override_num_blocks=batches)).iter_rows()
