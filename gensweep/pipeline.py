"""The story of one condition, in one process: build -> augment -> learn -> score, each stage kept in the store.

``generate`` and ``fit`` are the two expensive steps; a cluster passes its own with the same signatures.
"""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from gensweep import datasets, modes
from gensweep.augmenting import Augmenting, Generate, run_augmentation
from gensweep.config import Condition
from gensweep.errors import UserError, description
from gensweep.keys import augmentation_of, stage_keys
from gensweep.progress import Event, Notify, ignore
from gensweep.records import (
    Dataset,
    Document,
    Fact,
    Question,
    Score,
    TrainStep,
    from_table,
    to_table,
)
from gensweep.scoring.predictions import split_accuracies
from gensweep.store import Entry, Store
from gensweep.track import Tracker


def finished(condition: Condition, store: Store) -> Entry | None:
    """The condition's scores if they are in the store, and with them the weights that are to be kept."""
    keys = stage_keys(condition)
    if condition.keeps_weights() and store.get("fit", keys.fit) is None:
        return None
    return store.get("score", keys.score)


def run_condition(
    condition: Condition,
    store: Store,
    *,
    generate: Generate,
    fit: modes.Fit,
    tracker: Tracker,
    notify: Notify = ignore,
) -> Entry:
    """The condition's scores from the store, worked out first where they are not there yet."""
    keys = stage_keys(condition)
    if (done := finished(condition, store)) is not None:
        return done
    dataset = build_stage(condition, store)
    documents = [*dataset.documents, *augment_stage(condition, store, generate=generate, notify=notify)]
    with tracker.start(condition, keys.score) as run:

        def on_step(step: TrainStep, total: int) -> None:
            run.log(step.step, {"train/loss": step.loss, "train/learning_rate": step.learning_rate})
            notify(Event(condition=keys.score, stage="fit", done=step.step, total=total, note=f"loss {step.loss:.3f}"))

        def on_answer(done: int) -> None:
            total = len(learned.contexts) * len(dataset.questions)
            notify(Event(condition=keys.score, stage="score", done=done, total=total))

        started = time.perf_counter()
        learned = modes.learn(condition, dataset, documents, fit=fit, on_step=on_step)
        if condition.keeps_weights():
            _keep_weights(learned, keys.fit, store)
        answers = learned.answer(dataset.questions, on_answer)
        context = modes.longest(learned.contexts)
        meta = {
            "seconds_fit": time.perf_counter() - started - answers.seconds if condition.finetune else 0.0,
            "seconds_score": answers.seconds,
            "context_documents": context.documents,
            "context_tokens": context.tokens,
            "training_tokens": sum(step.target_tokens for step in learned.steps),
            "peak_memory_mb": answers.peak_memory_mb,
        }
        tables = {"scores": to_table(answers.scores, Score), "steps": to_table(learned.steps, TrainStep)}
        entry = store.put("score", keys.score, tables, meta=meta)
        run.finish(split_accuracies(dataset.questions, answers.scores))
    return entry


def check_conditions(conditions: Sequence[Condition], store: Store) -> None:
    """Raise the first UserError that a condition would run into, as far as it can be known before anything long starts.

    The datasets are built for this, and kept once all is well.
    """
    built: dict[str, Dataset] = {}
    for condition in conditions:
        key = stage_keys(condition).build
        if key not in built:
            built[key] = build_dataset(condition, store)
        _check(condition, built[key])
    for key, dataset in built.items():
        if store.get("build", key) is None:
            _keep(dataset, key, store)


def _check(condition: Condition, dataset: Dataset) -> None:
    reader = modes.reader(condition.model)
    if condition.mode == "finetune" and not reader.trainable:
        raise UserError(f"{condition.model} has no weights to fine-tune: use modes: [pretrained, icl] with it")
    context = modes.Context()
    if condition.icl is not None and condition.augmentation.strategy == "none":
        contexts = modes.icl_contexts(reader, dataset.documents, dataset.instruction, condition.icl, condition.seed)
        context = modes.longest(contexts)
    reader.check(context.text, dataset.questions)


def _keep_weights(learned: modes.Learned, key: str, store: Store) -> None:
    from gensweep.training.checkpoints import save_model

    with tempfile.TemporaryDirectory(prefix="gensweep-weights-") as folder:
        if learned.model is not None:
            save_model(learned.model, Path(folder))
        files = {path.name: path for path in sorted((learned.saved or Path(folder)).iterdir())}
        store.put("fit", key, {"steps": to_table(learned.steps, TrainStep)}, files=files)


def attempt(
    condition: Condition, store: Store, *, generate: Generate, fit: modes.Fit, tracker: Tracker, notify: Notify
) -> str:
    """``run_condition`` for a sweep that goes on after a failure: the error as text, empty if there was none."""
    key = stage_keys(condition).score
    notify(Event(condition=key, stage="start"))
    error = ""
    try:
        run_condition(condition, store, generate=generate, fit=fit, tracker=tracker, notify=notify)
    except Exception as mistake:
        error = description(mistake)
    notify(Event(condition=key, stage="failed" if error else "done"))
    return error


def build_stage(condition: Condition, store: Store) -> Dataset:
    """The condition's dataset, checked for leaks when it is first built, kept in the store."""
    stored = _stored_dataset(condition, store)
    if stored is not None:
        return stored
    dataset = datasets.build(condition.dataset, condition.seed)
    _keep(dataset, stage_keys(condition).build, store)
    return dataset


def build_dataset(condition: Condition, store: Store | None) -> Dataset:
    """The condition's dataset from the store if it is there, else built and checked, without keeping it."""
    stored = _stored_dataset(condition, store) if store else None
    return stored or datasets.build(condition.dataset, condition.seed)


def _stored_dataset(condition: Condition, store: Store) -> Dataset | None:
    entry = store.get("build", stage_keys(condition).build)
    if entry is None:
        return None
    return Dataset(
        name=condition.dataset.name,
        facts=tuple(from_table(entry.table("facts"), Fact)),
        documents=tuple(from_table(entry.table("documents"), Document)),
        questions=tuple(from_table(entry.table("questions"), Question)),
        instruction=entry.meta["instruction"],
    )


def _keep(dataset: Dataset, key: str, store: Store) -> None:
    tables = {
        "facts": to_table(dataset.facts, Fact),
        "documents": to_table(dataset.documents, Document),
        "questions": to_table(dataset.questions, Question),
    }
    store.put("build", key, tables, meta={"instruction": dataset.instruction})


def augment_stage(condition: Condition, store: Store, *, generate: Generate, notify: Notify = ignore) -> list[Document]:
    """The documents that the condition's generator infers from the dataset, none without an augmentation."""
    if condition.augmentation.strategy == "none":
        return []
    entry = store.get("augment", stage_keys(condition).augment)
    if entry is None:
        entry = run_augmentation(augmenting(condition, store), store, generate=generate, notify=notify)
    return from_table(entry.table("documents"), Document)


def augmenting(condition: Condition, store: Store) -> Augmenting:
    """The augmentation of a condition that has one."""
    return Augmenting(
        key=stage_keys(condition).augment,
        dataset=build_stage(condition, store),
        settings=augmentation_of(condition.augmentation, condition.generator()),
        generator=condition.generator(),
        seed=condition.seed,
    )


def fit_inline(tuning: modes.Tuning, on_step: modes.OnStep) -> modes.Learned:
    """``Fit`` in this process, on one device and without ZeRO: the numbers of any number of workers."""
    from gensweep.training.local import finetune

    base = modes.base_model(tuning.model)
    model, steps = finetune(base, tuning.examples, tuning.config, tuning.seed, on_step)
    return modes.Learned(model=model, steps=tuple(steps))
