"""A dataset as a folder of plain Parquet: documents, questions and facts, with name and instruction as JSON."""

import json
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from gensweep.errors import UserError
from gensweep.records import LATER_COLUMNS, Dataset, Document, Fact, Question, from_table, schema_of, to_table

_DESCRIPTION = "dataset.json"
RecordT = TypeVar("RecordT")


def write(dataset: Dataset, folder: Path) -> None:
    """Write ``dataset`` to ``folder``, the description last. Raises UserError if the folder cannot be written."""
    tables = {
        "documents": to_table(dataset.documents, Document),
        "questions": to_table(dataset.questions, Question),
        "facts": to_table(dataset.facts, Fact),
    }
    description = {"name": dataset.name, "instruction": dataset.instruction}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _DESCRIPTION).unlink(missing_ok=True)
        for name, table in tables.items():
            pq.write_table(table, folder / f"{name}.parquet")
        (folder / _DESCRIPTION).write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise UserError(f"the dataset cannot be written to {folder}: {error.strerror or error}") from None


def is_dataset(folder: Path) -> bool:
    """Whether ``folder`` was written by ``write``, as far as its description tells."""
    return (folder / _DESCRIPTION).is_file()


def read(folder: Path) -> Dataset:
    """The dataset in ``folder``. Raises UserError for a missing or unreadable file, and for wrong columns."""
    if not folder.is_dir():
        raise UserError(f"there is no dataset folder {folder}")
    names = ("documents.parquet", "questions.parquet", "facts.parquet", _DESCRIPTION)
    if missing := [name for name in names if not (folder / name).is_file()]:
        raise UserError(f"{folder} is not a complete dataset folder: it lacks {', '.join(missing)}")
    try:
        description = json.loads((folder / _DESCRIPTION).read_text(encoding="utf-8"))
        name, instruction = str(description["name"]), str(description["instruction"])
    except (OSError, ValueError, KeyError, TypeError):
        raise UserError(f"{folder / _DESCRIPTION} must be JSON with the keys name and instruction") from None
    return Dataset(
        name=name,
        facts=_records(folder / "facts.parquet", Fact),
        documents=_records(folder / "documents.parquet", Document),
        questions=_records(folder / "questions.parquet", Question),
        instruction=instruction,
    )


def _records(path: Path, record: type[RecordT]) -> tuple[RecordT, ...]:
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise UserError(f"{path} cannot be read as Parquet: {str(error).splitlines()[0]}") from None
    lacking = LATER_COLUMNS - set(table.column_names)
    schema = pa.schema([field for field in schema_of(record) if field.name not in lacking])
    if missing := [name for name in schema.names if name not in table.column_names]:
        raise UserError(f"{path} lacks the columns {', '.join(missing)}")
    columns = [_column(table.column(field.name), field, path) for field in schema]
    return tuple(from_table(pa.table(columns, schema=schema), record))


def _column(column: pa.ChunkedArray, field: pa.Field, path: Path) -> pa.ChunkedArray:
    """``column`` in the schema's type, so that a file that pandas or DuckDB wrote again is read as well."""
    if column.null_count:
        raise UserError(f"{path}: the column {field.name} has {column.null_count} empty values")
    try:
        return column.cast(field.type)
    except pa.ArrowException:
        raise UserError(f"{path}: the column {field.name} must be {field.type}, but it is {column.type}") from None
