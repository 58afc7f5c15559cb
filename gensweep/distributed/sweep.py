"""All conditions of an experiment over a Ray cluster: Ray Data augments, then Ray Tune runs the conditions."""

import contextlib
import dataclasses
import os
import shutil
import tempfile
import threading
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import ray
from ray import tune
from ray.tune import TuneConfig, Tuner

from gensweep.augmenting import generate_inline, run_augmentations
from gensweep.config import Condition, Experiment
from gensweep.distributed.board import POLL_SECONDS, Board, Poster
from gensweep.distributed.cluster import LAUNCHER, Share, share_out
from gensweep.distributed.generate import ray_generate
from gensweep.distributed.train import RayFit
from gensweep.errors import description
from gensweep.keys import stage_keys
from gensweep.pipeline import attempt, augmenting
from gensweep.progress import Event, Notify
from gensweep.store import Store
from gensweep.track import Tracker


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Shared:
    """What all trials of a sweep have in common; every node sees ``folder``, the driver's working directory."""

    folder: Path
    store: Store
    tracker: Tracker
    scratch: Path
    share: Share
    board: Any


class ConditionTrial(tune.Trainable):
    """One condition is one trial of one step; the actor, with the base model in its memory, goes on to the next."""

    def setup(self, config: dict[str, Any], shared: Shared | None = None) -> None:
        """Keep what all trials share, and take up the first condition."""
        assert shared is not None, "tune.with_parameters passes it"
        self._shared = shared
        os.chdir(shared.folder)
        self.reset_config(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Take up another condition in the same process."""
        self._condition = Condition.model_validate_json(new_config["condition"])
        return True

    def step(self) -> dict[str, Any]:
        """Run the condition; a failure is a result that the driver reports, and the other conditions go on."""
        shared, key = self._shared, stage_keys(self._condition).score
        notify = Poster(shared.board)
        folder = shared.scratch / uuid.uuid4().hex
        try:
            error = attempt(
                self._condition,
                shared.store,
                generate=generate_inline,
                fit=RayFit(share=shared.share, folder=folder, notify=notify, condition=key),
                tracker=shared.tracker,
                notify=notify,
            )
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return {"done": True, "error": error}

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        """Nothing to save: the store has every finished stage."""

    def load_checkpoint(self, checkpoint: Any) -> None:
        """Nothing to load: a restarted trial finds its finished stages in the store."""


def run_sweep(
    experiment: Experiment,
    pending: Sequence[Condition],
    store: Store,
    tracker: Tracker,
    notify: Notify,
    scratch: Path,
) -> dict[str, str]:
    """Bring every pending condition's scores into the store; returns the error by id of those that failed.

    Ray must be connected; ``scratch`` is a folder that every node sees. Raises UserError if the cluster cannot give
    what the experiment asks for.
    """
    share = share_out(experiment.resources, pending)
    errors = _augment(pending, store, share, notify)
    ready = [condition for condition in pending if stage_keys(condition).score not in errors]
    board = ray.remote(num_cpus=0)(Board).remote()
    shared = Shared(
        folder=Path.cwd(), store=store, tracker=tracker, scratch=scratch.absolute(), share=share, board=board
    )
    concurrent = experiment.resources.max_concurrent_trials
    limit = share.slots if concurrent == "auto" else min(concurrent, share.slots)
    with _watching(board, notify):
        for workers in sorted({_workers(condition) for condition in ready}):
            group = [condition for condition in ready if _workers(condition) == workers]
            errors |= _tune(group, workers, max(1, limit // workers), shared)
    return errors


def _augment(pending: Sequence[Condition], store: Store, share: Share, notify: Notify) -> dict[str, str]:
    """Write every augmentation that is needed; the error by id of the conditions whose augmentation failed."""
    jobs = {}
    for condition in pending:
        key = stage_keys(condition).augment
        if key and key not in jobs and store.get("augment", key) is None:
            jobs[key] = augmenting(condition, store)
    failed = run_augmentations(list(jobs.values()), store, generate=ray_generate(share), notify=notify)
    for key in failed:
        notify(Event(condition=key, stage="failed"))
    keys = map(stage_keys, pending)
    return {key.score: description(failed[key.augment]) for key in keys if key.augment in failed}


def _workers(condition: Condition) -> int:
    """How many processes train and answer; a condition without fine-tuning is asked in one, whatever the others do."""
    return condition.finetune.workers if condition.finetune else 1


def _tune(conditions: Sequence[Condition], workers: int, concurrent: int, shared: Shared) -> dict[str, str]:
    """Run conditions of one worker count; with several, a trial only launches a trainer, whose workers hold CPUs."""
    share = shared.share
    held = {"CPU": share.cpus, "GPU": share.gpus} if workers == 1 else LAUNCHER
    trial = tune.with_parameters(ConditionTrial, shared=shared)
    with tempfile.TemporaryDirectory(prefix="gensweep-tune-") as folder:
        grid = Tuner(
            tune.with_resources(trial, held),
            param_space={"condition": tune.grid_search([condition.model_dump_json() for condition in conditions])},
            tune_config=TuneConfig(max_concurrent_trials=concurrent, reuse_actors=True),
            run_config=tune.RunConfig(
                name="trials", storage_path=folder, verbose=0, failure_config=tune.FailureConfig(max_failures=2)
            ),
        ).fit()
    errors = {}
    for condition, result in zip(conditions, grid, strict=True):
        error = str(result.error) if result.error else result.metrics["error"]
        if error:
            errors[stage_keys(condition).score] = error
    return errors


@contextlib.contextmanager
def _watching(board: Any, notify: Notify) -> Iterator[None]:
    """Pass the board's events on from a thread while Tune holds the main one."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(POLL_SECONDS):
            for event in ray.get(board.take.remote()):
                notify(event)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        for event in ray.get(board.take.remote()):
            notify(event)
