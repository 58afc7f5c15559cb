"""A user's own documents: every file of a folder that can be read, and the questions that the user has on them."""

import dataclasses
import logging
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from gensweep.datasets import chunks
from gensweep.datasets.readers import Unreadable, json_lines, read
from gensweep.errors import UserError, did_you_mean
from gensweep.records import Dataset, Document, Question
from gensweep.specs import Documents

QUESTIONS_FILE = "questions.jsonl"
_EXAMPLE = '{"prompt": "The office is in", "choices": ["Graz", "Linz"], "answer": "Graz", "split": "rephrase"}'
_KEYS = ("prompt", "choices", "answer", "split", "id", "group", "sources")
_INSTRUCTION = "The texts above are documents. Use them, and what follows from them, to continue the text below."
_NAMED_FILES = 5

Skipped = tuple[str, str]
"""A file that gave no document, with the reason."""


def build(spec: Documents, seed: int) -> Dataset:
    """The documents in the folder ``spec.path`` in order of their names, and the questions; ``seed`` changes nothing.

    What is logged as a warning, and what becomes of long texts, is as in ``without_questions``.

    Raises:
        UserError: folder or questions file are missing or hold a mistake, or no file gives a document.
    """
    folder = Path(spec.path)
    questions_path = Path(spec.questions) if spec.questions else folder / QUESTIONS_FILE
    dataset = without_questions(folder, leave_out=(questions_path,), chunk_characters=spec.chunk_characters)
    if not questions_path.is_file():
        raise UserError(
            f"there are no questions at {questions_path}: let a model draft them with `gensweep data draft`, or write "
            f"that file with a line such as {_EXAMPLE} for each question"
        )
    return dataclasses.replace(dataset, questions=tuple(read_questions(questions_path)))


def without_questions(
    folder: Path,
    *,
    leave_out: Collection[Path] = (),
    chunk_characters: int | None = Documents.model_fields["chunk_characters"].default,
) -> Dataset:
    """The documents in ``folder`` as a dataset, long ones in parts of at most ``chunk_characters`` (None: whole).

    A part's id is that of the document with the part's place in its text, ``guide.pdf@4012-7985``; ``source_id`` is
    that of the document. Files that are skipped are logged as a warning with their reasons, and how many were split.

    Raises:
        UserError: as ``read_folder``.
    """
    documents, skipped = read_folder(folder, leave_out=(*leave_out, folder / QUESTIONS_FILE))
    if skipped:
        named = "; ".join(f"{name} ({reason})" for name, reason in skipped)
        logging.getLogger(__name__).warning(
            "%s: skipped %d %s: %s", folder, len(skipped), "file" if len(skipped) == 1 else "files", named
        )
    parts = [part for document in documents for part in _parts(document, chunk_characters)]
    if sources := {part.source_id for part in parts if part.source_id}:
        logging.getLogger(__name__).warning(
            "%s: %d documents of more than %d characters became %d (chunk_characters)",
            folder,
            len(sources),
            chunk_characters,
            len(parts) - len(documents) + len(sources),
        )
    return Dataset(
        name=Documents.model_fields["name"].default,
        facts=(),
        documents=tuple(parts),
        questions=(),
        instruction=_INSTRUCTION,
    )


def _parts(document: Document, longest: int | None) -> list[Document]:
    if longest is None or len(document.text) <= longest:
        return [document]
    return [
        Document(id=f"{document.id}@{start}-{end}", text=document.text[start:end], source_id=document.id)
        for start, end in chunks.spans(document.text, longest)
    ]


def read_folder(folder: Path, *, leave_out: Collection[Path]) -> tuple[list[Document], list[Skipped]]:
    """The documents in ``folder`` and its subfolders, and the files skipped, hidden ones and ``leave_out`` apart.

    A document's id is its path in the folder, with ``:LINE`` for those of a ``.jsonl`` file.

    Raises:
        UserError: there is no such folder, no file in it gives a document, or a file is not UTF-8 or not JSON lines.
    """
    if not folder.is_dir():
        raise UserError(f"there is no folder of documents {folder}; give it as path")
    no_documents = {path.resolve() for path in leave_out}
    documents: list[Document] = []
    skipped: list[Skipped] = []
    for path in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix()):
        name = path.relative_to(folder).as_posix()
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if hidden or not path.is_file() or path.resolve() in no_documents:
            continue
        try:
            texts = read(path)
        except Unreadable as reason:
            skipped.append((name, str(reason)))
            continue
        documents += [Document(id=f"{name}{part}", text=text.strip()) for part, text in texts if text.strip()]
        skipped += [(f"{name}{part}", "no text") for part, text in texts if not text.strip()]
        if not texts:
            skipped.append((name, "no text"))
    if not documents:
        why = "; ".join(f"{name} ({reason})" for name, reason in skipped[:_NAMED_FILES])
        raise UserError(f"no file in {folder} gives a document{': ' if why else ''}{why}")
    return documents, skipped


def read_questions(path: Path) -> list[Question]:
    """The questions of a JSONL file: ``prompt``, ``choices``, ``answer`` (one of the choices), ``split``.

    ``id`` (default: ``SPLIT/LINE``) and ``group`` (default: the id) may be given as well; ``sources``, where drafted
    questions quote the documents, are for the reader alone.

    Raises:
        UserError: a line is not such a question, an id stands twice, or there is no question.
    """
    questions: dict[str, Question] = {}
    lines: dict[str, int] = {}
    try:
        entries = list(json_lines(path))
    except Unreadable as reason:
        raise UserError(f"the questions file {path} cannot be read: {reason}") from None
    for number, entry in entries:
        question = _question(entry, f"{path}:{number}", number)
        if question.id in questions:
            raise UserError(
                f"{path}:{number}: the question id {question.id!r} stands in line {lines[question.id]} already"
            )
        questions[question.id], lines[question.id] = question, number
    if not questions:
        raise UserError(f"{path} has no question; write a line such as {_EXAMPLE} for each")
    return list(questions.values())


def _question(entry: dict[str, Any], where: str, number: int) -> Question:
    if unknown := [key for key in entry if key not in _KEYS]:
        raise UserError(
            f"{where}: unknown key {unknown[0]!r}{did_you_mean(unknown[0], _KEYS)}; known keys are {', '.join(_KEYS)}"
        )
    choices = _choices(entry.get("choices"), where)
    prompt, answer, split = (_text(entry, key, where) for key in ("prompt", "answer", "split"))
    if answer not in choices:
        raise UserError(f"{where}: the answer {answer!r} is not among the choices{did_you_mean(answer, choices)}")
    identifier = _text(entry, "id", where) if "id" in entry else f"{split}/{number}"
    return Question(
        id=identifier,
        prompt=prompt,
        choices=tuple(f" {choice}" for choice in choices),
        answer_index=choices.index(answer),
        split=split,
        group=_text(entry, "group", where) if "group" in entry else identifier,
    )


def _text(entry: dict[str, Any], key: str, where: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value.strip():
        raise UserError(f"{where}: the question needs the key {key!r} with a text, as in {_EXAMPLE}")
    return value.strip()


def _choices(value: object, where: str) -> Sequence[str]:
    if not isinstance(value, list) or len(value) < 2 or not all(isinstance(c, str) and c.strip() for c in value):
        raise UserError(f"{where}: choices must be a list of at least two texts, as in {_EXAMPLE}")
    choices = [choice.strip() for choice in value]
    if repeated := [choice for choice in choices if choices.count(choice) > 1]:
        raise UserError(f"{where}: the choice {repeated[0]!r} stands twice")
    return choices
