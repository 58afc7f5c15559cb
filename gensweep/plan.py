"""``gensweep plan``: what a run would do, what of it is in the store, and about what it costs; starts nothing."""

import dataclasses
import math
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from gensweep.config import Condition, Experiment
from gensweep.keys import stage_keys
from gensweep.models import hub
from gensweep.pipeline import build_dataset, finished
from gensweep.records import Dataset
from gensweep.specs import DatasetSpec
from gensweep.store import Store

BYTES_PER_TOKEN = 4.0
"""Rule of thumb for English under a byte-pair tokenizer; a plan loads no tokenizer."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """What one condition has to do, in tokens (estimated); zero where the store has the stage's result."""

    condition: Condition
    done: bool
    generate_tokens: float
    train_tokens: float
    score_tokens: float
    parameters: int

    @property
    def flops(self) -> float:
        """2 FLOPs per parameter and token read or written, 6 per token trained on (Kaplan et al. 2020, section 2.1)."""
        return self.parameters * (2 * (self.generate_tokens + self.score_tokens) + 6 * self.train_tokens)


def plan(experiment: Experiment, out: Path) -> list[Work]:
    """One estimate per condition, in grid order; a stage that several conditions share is counted at the first."""
    store = Store(str(out / "store")) if (out / "store").is_dir() else None
    datasets: dict[DatasetSpec, Dataset] = {}  # of the first seed: the others have about as many tokens
    augmentations: set[str] = set()
    works = []
    for condition in experiment.conditions:
        keys = stage_keys(condition)
        if condition.dataset not in datasets:
            datasets[condition.dataset] = build_dataset(condition, store)
        done = store is not None and finished(condition, store) is not None
        fresh = bool(keys.augment) and keys.augment not in augmentations
        stored = store is not None and keys.augment != "" and store.get("augment", keys.augment) is not None
        augmentations.add(keys.augment)
        works.append(
            _work(condition, datasets[condition.dataset], done=done, augment=fresh and not stored and not done)
        )
    return works


def _work(condition: Condition, dataset: Dataset, *, done: bool, augment: bool) -> Work:
    texts = [document.text for document in dataset.documents]
    settings = condition.augmentation
    per_request = settings.samples * settings.max_tokens * len(settings.strategies)
    train = score = 0.0
    if not done:
        asked = _tokens(question.prompt + "".join(question.choices) for question in dataset.questions)
        score = asked
        if condition.icl is not None:
            limit = condition.icl.max_context_tokens or math.inf
            score = condition.icl.orderings * (asked + min(limit, _tokens(texts) / condition.icl.subsample))
        if condition.finetune is not None:
            train = condition.finetune.steps * condition.finetune.batch_size * _tokens(texts) / len(texts)
    return Work(
        condition=condition,
        done=done,
        generate_tokens=float(len(set(texts)) * per_request) if augment else 0.0,
        train_tokens=train,
        score_tokens=score,
        parameters=hub.parameters(condition.model),
    )


def _tokens(texts: Iterable[str]) -> float:
    return sum(len(text.encode()) for text in texts) / BYTES_PER_TOKEN


def measured_flops(size: int = 768, repeats: int = 3) -> float:
    """FLOP/s of float32 matrix products on this machine's CPU: the best of a few products of ``size`` squared."""
    matrix = np.ones((size, size), dtype=np.float32)
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        matrix @ matrix
        seconds.append(time.perf_counter() - started)
    return 2 * size**3 / min(seconds)


def total_flops(works: Sequence[Work]) -> float:
    """FLOPs of all that is still to be done."""
    return sum(work.flops for work in works)
