"""The stages by themselves, on a dataset's folder: ``gensweep augment`` and ``gensweep score``."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from gensweep.augment import export
from gensweep.augment.audit import AuditedStatement, AuditSummary, Coverage
from gensweep.augmenting import Augmenting, generate_inline, run_augmentation
from gensweep.datasets import documents, drafting, files
from gensweep.errors import UserError
from gensweep.fingerprint import fingerprint
from gensweep.keys import augmentation_of, identity
from gensweep.modes import base_model, context_of
from gensweep.progress import Notify
from gensweep.records import Document, Generation, GenerationRequest, from_table
from gensweep.scoring.predictions import predicted
from gensweep.specs import Augmentation
from gensweep.store import Store


def augmenting(folder: Path, model: str, settings: Augmentation) -> Augmenting:
    """The work of ``augment`` on the dataset, or the user's own documents, in ``folder``.

    Raises:
        UserError: the documents cannot be read, or the settings leave nothing to do or name another generator.
    """
    if not settings.strategies:
        raise UserError("augmentation.strategy none writes nothing: choose local, global or local+global")
    if settings.generator not in ("", model):
        raise UserError(f"augmentation.generator is {settings.generator} but --model {model}: leave the former out")
    dataset = files.read(folder) if files.is_dataset(folder) else documents.without_questions(folder)
    settings = augmentation_of(settings.model_copy(update={"generator": model}), model)
    key = fingerprint([dataset, settings, identity(model)])
    return Augmenting(key=key, dataset=dataset, settings=settings, generator=model, seed=0)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Inferred:
    """How many ``statements`` became documents, how many of them the world entails, how many texts were not taken."""

    statements: int
    entailed: int
    rejected: int


def augment(job: Augmenting, out: Path, notify: Notify) -> Inferred:
    """Write to ``out`` the job's dataset with the model's inferences as further documents.

    ``generations.parquet`` and ``rejections.parquet`` beside it hold the raw texts and what was not taken. A call that
    was interrupted continues from the blocks of generations that are in ``out/store``. For what else is written see
    ``augment.export``.
    """
    entry = run_augmentation(job, Store(str(out / "store")), generate=generate_inline, notify=notify)
    inferred = from_table(entry.table("documents"), Document)
    augmented = dataclasses.replace(job.dataset, documents=(*job.dataset.documents, *inferred))
    files.write(augmented, out)
    for name in ("generations", "rejections"):
        pq.write_table(entry.table(name), out / f"{name}.parquet")
    written = export.Written(
        audited=from_table(entry.table("audit"), AuditedStatement),
        coverage=from_table(entry.table("coverage"), Coverage),
        summary=AuditSummary(**entry.meta["audit"]),
        requests=from_table(entry.table("requests"), GenerationRequest),
        generations=from_table(entry.table("generations"), Generation),
        settings=job.settings,
        generator=job.generator,
        dollars=entry.meta["dollars"],
    )
    export.write(out, written, job.dataset)
    counts = written.summary
    return Inferred(statements=counts.statements, entailed=counts.entailed, rejected=len(entry.table("rejections")))


def draft_questions(folder: Path, model: str) -> tuple[Path, int, int]:
    """Write ``questions.jsonl`` of ``folder`` with questions that the model drafts on its documents.

    Returns the file, the number of questions and of generations that were not taken. Raises UserError if the file is
    there already, since the user may have corrected it, or if no draft could be taken.
    """
    path = folder / documents.QUESTIONS_FILE
    if path.exists():
        raise UserError(f"{path} is there already: move it away to draft new questions")
    texts, _ = documents.read_folder(folder, leave_out=())
    tasks = drafting.plan(texts)
    generations = base_model(model).generate([task.request for task in tasks])
    drafts, rejections = drafting.parse(tasks, generations, texts)
    if not drafts:
        raise UserError(f"none of the {len(rejections)} questions that {model} drafted can be used: try a larger model")
    drafting.write(drafts, path, texts)
    return path, len(drafts), len(rejections)


def score_folder(folder: Path, model_name: str, context_folder: Path | None) -> Iterator[dict[str, Any]]:
    """The model's scores of a dataset's questions, with the documents of ``context_folder`` in its prompt if given."""
    dataset = files.read(folder)
    model = base_model(model_name)
    context = ""
    if context_folder is not None:
        context = context_of(model, files.read(context_folder).documents, dataset.instruction)
    for question, score in zip(dataset.questions, model.score(context, dataset.questions), strict=True):
        given = predicted(question, score)
        verdict = {"predicted_index": given, "correct": given == question.answer_index}
        yield dataclasses.asdict(question) | dataclasses.asdict(score) | verdict
