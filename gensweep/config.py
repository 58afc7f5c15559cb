"""An experiment file becomes conditions: validated, frozen, expanded; a mistake is one sentence with file and line."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Self

from pydantic import Field, PrivateAttr, field_validator, model_validator

from gensweep.errors import did_you_mean
from gensweep.specs import Augmentation, DatasetSpec, Spec

Mode = Literal["pretrained", "icl", "finetune"]
Splitting = Literal["none", "independent", "cumulative"]


class Finetune(Spec):
    """Full fine-tuning. ``steps`` optimiser steps of ``batch_size`` examples over all workers together.

    ``workers``, ``zero_stage``, ``micro_batch_size`` and ``keep_weights`` decide where and how, not what: they change
    the result by no more than rounding, so they never enter a stage's identity and cannot be axes of the grid. (But a
    model with dropout, its own or ``attention_dropout``, draws what it drops for each worker and micro-batch anew.)
    """

    steps: int = Field(300, ge=1)
    batch_size: int = Field(16, ge=1)
    learning_rate: float = Field(3e-4, gt=0)
    schedule: Literal["constant", "linear", "cosine"] = "cosine"
    warmup_fraction: float = Field(0.05, ge=0, le=1)
    weight_decay: float = Field(0.0, ge=0)
    attention_dropout: float | None = Field(
        None, ge=0, lt=1, description="share of attention weights dropped in training; None: what the model itself says"
    )
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    mask_context: bool = Field(True, description="with cumulative splitting, no loss on the sentences before the last")
    workers: int = Field(1, ge=1)
    zero_stage: Literal[0, 1, 2, 3] = 0
    micro_batch_size: int = Field(0, ge=0, description="examples per worker and forward pass; 0 takes all at once")
    keep_weights: bool = Field(False, description="keep the tuned model, as a folder that transformers reads")

    @model_validator(mode="after")
    def _batch_divides(self) -> Self:
        if self.batch_size % self.workers:
            raise ValueError(f"batch_size {self.batch_size} is not a multiple of workers {self.workers}")
        if self.workers > 1 and self.precision == "bfloat16" and self.zero_stage == 0:
            raise ValueError("precision bfloat16 needs zero_stage 1, 2 or 3 (stage 0 keeps no float32 weights)")
        return self


FINETUNE_RESOURCES = ("workers", "zero_stage", "micro_batch_size", "keep_weights")


class Icl(Spec):
    """How documents enter the prompt: a random ``1/subsample`` of them, so that every fact stays stated if possible.

    A context of more than ``max_context_tokens`` (None: as many as the model's window holds) is an ``error``, or has
    ``fewer_documents``: whole documents are left out, first those that state only what others state as well, until it
    fits; at least one stays. The questions are asked once behind each of ``orderings`` random orders of the documents.
    """

    subsample: int = Field(1, ge=1)
    max_context_tokens: int | None = Field(None, ge=1)
    overflow: Literal["error", "fewer_documents"] = "error"
    orderings: int = Field(1, ge=1)

    @model_validator(mode="after")
    def _overflow_of_what(self) -> Self:
        if self.overflow == "fewer_documents" and self.max_context_tokens is None:
            raise ValueError(
                "overflow fewer_documents needs max_context_tokens, the length that the context has to fit"
            )
        return self


class Resources(Spec):
    """What one trial takes. ``auto`` gives each trial one GPU where there are any, and shares the CPUs."""

    gpus_per_trial: float | Literal["auto"] = "auto"
    cpus_per_trial: int | Literal["auto"] = "auto"
    max_concurrent_trials: int | Literal["auto"] = "auto"


class Tracking(Spec):
    """Weights & Biases; ``offline`` writes files only and needs neither key nor network."""

    wandb: Literal["offline", "online", "disabled"] = "offline"
    project: str = "gensweep"


class Condition(Spec):
    """One point of the grid. Settings that a mode does not use are None, so that equal work has equal conditions."""

    model: str
    dataset: DatasetSpec
    augmentation: Augmentation
    splitting: Splitting
    mode: Mode
    finetune: Finetune | None
    icl: Icl | None
    seed: int

    def generator(self) -> str:
        """Name of the model that writes the augmentations: the one under study unless the settings name another."""
        return self.augmentation.generator or self.model

    def keeps_weights(self) -> bool:
        """Whether the fine-tuned model stays in the store."""
        return self.finetune is not None and self.finetune.keep_weights

    def hyperparameters(self) -> dict[str, Any]:
        """The settings beyond the named axes, as they enter ``results.parquet``."""
        settings: dict[str, Any] = {}
        if self.finetune is not None:
            settings |= self.finetune.model_dump(exclude=set(FINETUNE_RESOURCES))
        if self.icl is not None:
            settings |= self.icl.model_dump()
        return settings


def _sequence(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _axes(value: object, *, fixed: tuple[str, ...] = ()) -> list[object]:
    """Every combination of the list-valued fields of a mapping (or of each mapping in a list), in file order."""
    expanded: list[object] = []
    for entry in _sequence(value):
        if not isinstance(entry, Mapping):
            expanded.append(entry)
            continue
        for key in fixed:
            if isinstance(entry.get(key), list):
                raise ValueError(f"{key} does not change the result, so it takes one value, not a list")
        axes = [item if isinstance(item, list) else [item] for item in entry.values()]
        expanded += [dict(zip(entry, combination, strict=True)) for combination in itertools.product(*axes)]
    return expanded


class Experiment(Spec):
    """An experiment file: each list is an axis of the grid, ``exclude`` takes points out of it."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    models: tuple[str, ...] = Field(min_length=1)
    datasets: tuple[DatasetSpec, ...] = Field(min_length=1)
    augmentations: tuple[Augmentation, ...] = (Augmentation(),)
    modes: tuple[Mode, ...] = ("pretrained", "icl", "finetune")
    splitting: tuple[Splitting, ...] = ("none",)
    seeds: tuple[int, ...] = (0,)
    finetune: tuple[Finetune, ...] = (Finetune(),)
    icl: tuple[Icl, ...] = (Icl(),)
    resources: Resources = Resources()
    tracking: Tracking = Tracking()
    exclude: tuple[dict[str, str | int], ...] = ()
    _conditions: tuple[Condition, ...] = PrivateAttr(default=())

    @field_validator("datasets", mode="before")
    @classmethod
    def _dataset_axes(cls, value: object) -> list[object]:
        named = [{"name": entry} if isinstance(entry, str) else entry for entry in _sequence(value)]
        return _axes(named)

    @field_validator("augmentations", "icl", mode="before")
    @classmethod
    def _mapping_axes(cls, value: object) -> list[object]:
        return _axes(value)

    @field_validator("finetune", mode="before")
    @classmethod
    def _finetune_axes(cls, value: object) -> list[object]:
        return _axes(value, fixed=FINETUNE_RESOURCES)

    @field_validator("models", "modes", "splitting", "seeds", mode="before")
    @classmethod
    def _scalar_axes(cls, value: object) -> list[object]:
        return _sequence(value)

    @field_validator("exclude")
    @classmethod
    def _known_axes(cls, value: tuple[dict[str, str | int], ...]) -> tuple[dict[str, str | int], ...]:
        for axis in itertools.chain.from_iterable(value):
            if axis not in AXIS_VALUE:
                raise ValueError(f"exclude knows no axis {axis!r}{did_you_mean(axis, AXIS_VALUE)}")
        return value

    @model_validator(mode="after")
    def _expand(self) -> Self:
        self._conditions = grid(self)
        if not self._conditions:
            raise ValueError("exclude leaves no condition to run")
        return self

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The grid: distinct conditions in file order."""
        return self._conditions


AXIS_VALUE: dict[str, Callable[[Condition], str]] = {
    "model": lambda c: c.model,
    "dataset": lambda c: c.dataset.name,
    "augmentation": lambda c: c.augmentation.strategy,
    "splitting": lambda c: c.splitting,
    "mode": lambda c: c.mode,
    "seed": lambda c: str(c.seed),
}


def grid(experiment: Experiment) -> tuple[Condition, ...]:
    """The product of the axes, without what ``exclude`` names; points that differ only in unused settings are one."""
    product = itertools.product(
        experiment.models,
        experiment.datasets,
        experiment.modes,
        experiment.augmentations,
        experiment.splitting,
        experiment.finetune,
        experiment.icl,
        experiment.seeds,
    )
    conditions: dict[str, Condition] = {}
    for model, dataset, mode, augmentation, splitting, finetune, icl, seed in product:
        condition = Condition(
            model=model,
            dataset=dataset,
            augmentation=Augmentation() if mode == "pretrained" else augmentation,
            splitting=splitting if mode == "finetune" else "none",
            mode=mode,
            finetune=finetune if mode == "finetune" else None,
            icl=icl if mode == "icl" else None,
            seed=seed,
        )
        if not any(_matches(condition, pattern) for pattern in experiment.exclude):
            conditions.setdefault(condition.model_dump_json(), condition)
    return tuple(conditions.values())


def _matches(condition: Condition, pattern: Mapping[str, str | int]) -> bool:
    for axis, wanted in pattern.items():
        text = str(wanted)
        if (AXIS_VALUE[axis](condition) == text.removeprefix("!")) == text.startswith("!"):
            return False
    return True


def labels(specs: Sequence[Spec], head: str) -> dict[Spec, str]:
    """A short name per spec: its ``head`` field, plus the fields in which specs of the same head differ."""
    distinct = list(dict.fromkeys(specs))
    names: dict[Spec, str] = {}
    for spec in distinct:
        peers = [peer for peer in distinct if getattr(peer, head) == getattr(spec, head)]
        differing = [f for f in type(spec).model_fields if len({getattr(peer, f) for peer in peers}) > 1]
        settings = ", ".join(f"{field}={getattr(spec, field)}" for field in differing)
        names[spec] = f"{getattr(spec, head)} ({settings})" if settings else str(getattr(spec, head))
    return names
