"""The identity of a condition's stages in the store."""

import dataclasses
import functools
from pathlib import Path

from gensweep import fingerprint
from gensweep.augment.prompt_files import prompt_for
from gensweep.config import FINETUNE_RESOURCES, Condition
from gensweep.models import hub
from gensweep.specs import SOURCES, Augmentation

CODE_VERSION = {"build": 4, "augment": 1, "generate": 1, "fit": 2, "score": 1}
"""Raised when a stage's code changes its result, so that stored results of the old code are not taken for the new."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Keys:
    """Store keys of a condition's stages, each made of what changes its result; ``score`` identifies the condition."""

    build: str
    augment: str
    fit: str
    score: str


@functools.cache
def stage_keys(condition: Condition) -> Keys:
    """The keys of a condition's stages; reads file contents and weights, but loads neither. Raises UserError."""
    build = stage_key("build", condition.dataset.model_dump(exclude=set(SOURCES)), _files(condition), condition.seed)
    augmented = ""
    if condition.augmentation.strategy != "none":
        augmentation = augmentation_of(condition.augmentation, condition.generator())
        prompts = [prompt_for(strategy, augmentation) for strategy in augmentation.strategies]
        prompts += [prompt_for("judge", augmentation)] if augmentation.filter == "judge" else []
        augmented = stage_key("augment", build, augmentation, prompts, identity(condition.generator()), condition.seed)
    model = identity(condition.model)
    tuned = ""
    if condition.finetune is not None:
        settings = condition.finetune.model_dump(exclude=set(FINETUNE_RESOURCES))
        tuned = stage_key("fit", build, augmented, model, condition.splitting, settings, condition.seed)
    score = stage_key("score", build, augmented, tuned, model, condition.mode, condition.icl, condition.seed)
    return Keys(build=build, augment=augmented, fit=tuned, score=score)


@functools.cache
def identity(model: str) -> str:
    """The identity of a model's weights, read once in a process."""
    return hub.identity(model)


def _files(condition: Condition) -> list[str]:
    """Identities of the folders and files that the dataset is made of."""
    named = [getattr(condition.dataset, field, "") for field in SOURCES]
    return [fingerprint.path_fingerprint(Path(name)) for name in named if name]


def stage_key(stage: str, *parts: object) -> str:
    """The key of a stage's result: everything in ``parts``, and the version of the code that makes it."""
    return fingerprint.fingerprint([stage, CODE_VERSION[stage], *parts])


def augmentation_of(settings: Augmentation, generator: str) -> Augmentation:
    """The settings with the local prompt that suits the generator, where they name none, and chat if it only chats."""
    chat = settings.chat or hub.only_chats(generator)
    suited = hub.prompt_for(generator) if "local" in settings.strategies else ""
    return settings.model_copy(update={"prompt": settings.prompt or suited, "chat": chat})
