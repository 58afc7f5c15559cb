"""Fine-tuning by several workers, with Ray Train and DeepSpeed ZeRO: the loop of one process, then the questions."""

import dataclasses
import functools
import os
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ray.train
from ray.train import FailureConfig, RunConfig, ScalingConfig, TrainingFailedError

from gensweep.distributed.cluster import Share, user_error_in
from gensweep.models import hub
from gensweep.models.reader import HFReader
from gensweep.modes import Answers, Learned, OnStep, Tuning
from gensweep.pipeline import fit_inline
from gensweep.progress import Event, Notify
from gensweep.records import TrainStep

if TYPE_CHECKING:
    from ray.train.torch import TorchTrainer

_WEIGHTS = "weights"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class RayFit:
    """``Fit`` that starts a worker group where the configuration asks for several workers, and stays here for one.

    The group answers the questions too, each worker its share: no process ever needs to hold all of the weights, and
    the one that calls this holds none. ``folder`` is one that every node sees and that the caller removes; ``notify``
    hears from the first worker's process how far the condition is.
    """

    share: Share
    folder: Path
    notify: Notify
    condition: str

    def __call__(self, tuning: Tuning, on_step: OnStep) -> Learned:
        """See ``Fit``. Raises UserError if that is what stopped a worker."""
        if tuning.config.workers == 1:
            return fit_inline(tuning, on_step)
        workers = tuning.config.workers
        try:
            self._trainer(_Job(tuning=tuning, fit=self, cwd=Path.cwd()), workers).fit()
        except TrainingFailedError as error:
            raise user_error_in(error) or error from None
        shares = [pickle.loads(_result(self.folder, rank).read_bytes()) for rank in range(workers)]
        steps: tuple[TrainStep, ...] = shares[0].steps
        for step in steps:
            on_step(step, tuning.config.steps)
        self.tell("score", len(tuning.questions), len(tuning.questions))  # to whom the steps are news of long ago
        return Learned(
            model=None,
            steps=steps,
            answered=joined([share.answered for share in shares]),
            saved=self.folder / _WEIGHTS if tuning.config.keep_weights else None,
        )

    def _trainer(self, job: "_Job", workers: int) -> "TorchTrainer":
        from ray.train.torch import TorchTrainer  # brings torch, as does what _worker imports

        share = self.share
        return TorchTrainer(
            _worker,
            train_loop_config={"job": job},
            scaling_config=ScalingConfig(
                num_workers=workers,
                use_gpu=share.gpus > 0,
                resources_per_worker={"CPU": share.cpus} | ({"GPU": share.gpus} if share.gpus else {}),
            ),
            run_config=RunConfig(
                name="train",
                storage_path=str(self.folder),
                failure_config=FailureConfig(max_failures=2, controller_failure_limit=2),
            ),
        )

    def tell(self, stage: str, done: int, total: int, note: str = "") -> None:
        """How far the condition is, from whichever process knows."""
        self.notify(Event(condition=self.condition, stage=stage, done=done, total=total, note=note))


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class _Job:
    """What every worker is told; ``cwd`` is where relative paths begin."""

    tuning: Tuning
    fit: RayFit
    cwd: Path


def joined(shares: Sequence[Answers]) -> Answers:
    """The answers of all processes, of which process r was asked questions r, r + n, r + 2n, … of n processes."""
    total = sum(len(share.scores) for share in shares)
    return Answers(
        scores=tuple(shares[index % len(shares)].scores[index // len(shares)] for index in range(total)),
        seconds=max(share.seconds for share in shares),
        peak_memory_mb=max(share.peak_memory_mb for share in shares),
    )


def _result(folder: Path, rank: int) -> Path:
    return folder / f"{rank}.pickle"


def _worker(settings: dict[str, Any]) -> None:
    """One process of the group: load (sharded with ZeRO 3), train, answer this process's share of the questions."""
    from gensweep.models.hf import HFModel
    from gensweep.training.batches import tokenise
    from gensweep.training.engines import DeepSpeedEngine, load_sharded
    from gensweep.training.loop import micro_batch_count, train

    job: _Job = settings["job"]
    os.chdir(job.cwd)
    tuning, config, fit = job.tuning, job.tuning.config, job.fit
    micro_batches = micro_batch_count(config)
    reader = hub.reader(tuning.model)
    assert isinstance(reader, HFReader), "check_conditions refuses to fine-tune a model without weights"
    module = load_sharded(functools.partial(_module, tuning.model), config, micro_batches)
    engine = DeepSpeedEngine(module, config, micro_batches)

    def on_step(step: TrainStep) -> None:
        if engine.rank == 0:
            fit.tell("fit", step.step, config.steps, f"loss {step.loss:.3f}")

    def on_answer(done: int) -> None:
        if engine.rank == 0:
            fit.tell("score", min(done * engine.world, len(tuning.questions)), len(tuning.questions))

    examples = tokenise(tuning.examples, reader.tokenizer, reader.window)
    steps = train(engine, examples, config, tuning.seed, on_step)
    if config.keep_weights:
        engine.save(fit.folder / _WEIGHTS)
        if engine.rank == 0:
            reader.tokenizer.save_pretrained(fit.folder / _WEIGHTS)
    with engine.inference() as trained:
        learned = Learned(model=HFModel(tuning.model, trained, reader.tokenizer), steps=tuple(steps))
        answered = learned.answer(tuning.questions[engine.rank :: engine.world], on_answer)
    result = dataclasses.replace(learned, model=None, answered=answered)
    _result(fit.folder, engine.rank).write_bytes(pickle.dumps(result))
    ray.train.report({"loss": steps[-1].loss})


def _module(name: str) -> Any:
    """The weights of a model in float32, in memory or, under ZeRO 3, in this process's shards."""
    from gensweep.models.hf import HFModel

    model = hub.load(name)
    assert isinstance(model, HFModel)
    return model.module.float()
