"""What flows between the stages: frozen dataclasses, each with the Arrow schema that stores it.

A dataset on disk is a folder of plain Parquet files (``documents``, ``questions``, ``facts``) and ``dataset.json``.
"""

import dataclasses
import types
import typing
from collections.abc import Iterable
from typing import Any, TypeVar

import pyarrow as pa


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """A symbolic truth of a world; ``premises`` are the ids of the facts that entail it (empty: an axiom).

    ``text`` is its canonical wording, one sentence without lead-in, by which the audit recognises statements of it. A
    negative truth is worded with "not" or "No"; a statement of the opposite polarity then contradicts it. ``wordings``
    are the other sentences in which the dataset says the same.
    """

    id: str
    subject: str
    relation: str
    object: str
    premises: tuple[str, ...] = ()
    text: str = ""
    wordings: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A training text with the ids of the facts it states.

    ``origin`` is ``dataset`` or the augmentation that wrote it; ``source_id`` is then the document it was drawn from.
    """

    id: str
    text: str
    fact_ids: tuple[str, ...] = ()
    origin: str = "dataset"
    source_id: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A test item, scored as ``prompt + choice``.

    ``prompt`` ends without white space and each choice begins with it where the text needs one. ``fact_ids`` are the
    training facts that the answer needs, ``target_fact_id`` is the fact that the right choice asserts (empty where the
    dataset has no symbolic world), ``group`` is the task subset over which error bars are clustered.

    A question with ``stop`` is answered by writing instead: the model continues the prompt up to one of these strings,
    and what it wrote must be the one choice there is, but for white space around it.
    """

    id: str
    prompt: str
    choices: tuple[str, ...]
    answer_index: int
    split: str
    group: str
    fact_ids: tuple[str, ...] = ()
    target_fact_id: str = ""
    stop: tuple[str, ...] = ()

    @property
    def most_tokens(self) -> int:
        """Tokens that a written answer may have: as many as the right one and a stop string have bytes.

        A token is a byte or more, so that no right answer is cut off, however the model splits it.
        """
        answer = self.choices[self.answer_index]
        return len(answer.encode()) + max(len(stop.encode()) for stop in self.stop)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Dataset:
    """Everything that a dataset's ``build`` returns. ``instruction`` tells a chat model what the documents are for."""

    name: str
    facts: tuple[Fact, ...]
    documents: tuple[Document, ...]
    questions: tuple[Question, ...]
    instruction: str


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """A training example: the loss falls on ``text`` alone, ``context`` is read only."""

    text: str
    context: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class GenerationRequest:
    """One prompt for a generator. ``context`` is a prefix that many requests share (empty for none).

    The prompt is about the characters ``start`` to ``end`` of the document ``source_id``.
    """

    id: str
    source_id: str
    context: str
    prompt: str
    max_tokens: int
    temperature: float
    stop: tuple[str, ...]
    seed: int
    start: int = 0
    end: int = 0

    def until_stop(self, text: str) -> tuple[str, bool]:
        """``text`` up to the first of the request's stop strings, and whether it has one."""
        ends = [at for stop in self.stop if (at := text.find(stop)) >= 0]
        return text[: min(ends, default=len(text))], bool(ends)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Generation:
    """The raw text that a generator wrote; ``finish`` is ``stop``, ``length`` or ``error`` (``error`` says why)."""

    request_id: str
    source_id: str
    text: str
    prompt_tokens: int
    new_tokens: int
    finish: str
    error: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Rejection:
    """A line of a generation that did not become a document, with the reason."""

    request_id: str
    source_id: str
    text: str
    reason: str


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """Log-likelihoods (nats) of one question's choices, in their order; accuracies are derived from these.

    Where the answer is written, it is ``written`` and there are none. ``ordering`` numbers the orders of the documents
    in the context, from 0.
    """

    question_id: str
    choice_logprobs: tuple[float, ...]
    choice_tokens: tuple[int, ...]
    choice_bytes: tuple[int, ...]
    choice_unconditional_logprobs: tuple[float, ...]
    written: str | None = None
    ordering: int = 0


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class TrainStep:
    """One optimiser step: ``loss`` in nats per target token over the global batch, ``learning_rate`` as applied."""

    step: int
    loss: float
    learning_rate: float
    target_tokens: int


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """One row of ``results.parquet``: a condition crossed with a question, and with an order of its documents.

    ``generated``: whether an augmentation wrote down what the question asks; None without an augmentation. ``written``
    and ``ordering`` are as in ``Score``; a written answer has no log-probabilities, and ``predicted_index`` -1 if it is
    not the right one.
    """

    condition_id: str
    model: str
    dataset: str
    augmentation: str
    splitting: str
    mode: str
    seed: int
    hyperparameters: str
    split: str
    group: str
    question_id: str
    prompt: str
    choices: tuple[str, ...]
    answer_index: int
    choice_logprobs: tuple[float, ...]
    choice_tokens: tuple[int, ...]
    choice_bytes: tuple[int, ...]
    choice_unconditional_logprobs: tuple[float, ...]
    predicted_index: int
    correct: bool
    generated: bool | None = None
    written: str | None = None
    ordering: int = 0


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ConditionSummary:
    """One row of ``conditions.parquet``. Seconds are wall time by stage; ``weights`` is the folder of a kept model.

    ``context_documents`` and ``context_tokens`` are the size of the context before each question; with several orders
    of the documents that of the order with the most tokens.
    """

    condition_id: str
    label: str
    model: str
    dataset: str
    augmentation: str
    splitting: str
    mode: str
    seed: int
    hyperparameters: str
    status: str
    seconds_augment: float
    seconds_fit: float
    seconds_score: float
    context_tokens: int
    training_tokens: int
    peak_memory_mb: float
    weights: str = ""
    error: str = ""
    context_documents: int = 0


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class AugmentationSummary:
    """One row of ``augmentations.parquet``: what ``generator`` wrote for a dataset and seed, and what the audit found.

    Counts of statements as in ``augment.audit.AuditSummary``; ``judged`` tells whether the dataset has a world to hold
    them against. ``rejected`` texts were not taken. ``kinds`` are the kinds of inference of ``augment.audit.Coverage``,
    of which ``stated`` of ``total`` facts or questions were written down. ``tokens`` were generated in ``seconds`` of
    wall time; ``dollars`` is what an endpoint charged. ``windows`` tells how a corpus was cut for global augmentation.
    """

    generator: str
    dataset: str
    augmentation: str
    seed: int
    judged: bool
    statements: int
    entailed: int
    contradicted: int
    unknown: int
    duplicates: int
    accepted: int
    answers: int
    restates: int
    rejected: int
    kinds: tuple[str, ...]
    stated: tuple[int, ...]
    total: tuple[int, ...]
    tokens: int
    seconds: float
    dollars: float
    windows: str


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class WrittenStatement:
    """One row of ``statements.parquet``: a statement that ``generator`` wrote, with its verdict.

    The columns after ``seed`` are those of ``augment.audit.AuditedStatement``, of which the file has the others too.
    """

    generator: str
    dataset: str
    augmentation: str
    seed: int
    origin: str
    text: str
    label: str
    depth: int
    duplicate: bool


LATER_COLUMNS = frozenset({"wordings", "stop", "written", "ordering", "context_documents"})
"""Columns that tables of earlier versions lack: they are read with the fields' defaults."""

_ARROW: dict[object, pa.DataType] = {
    str: pa.string(),
    int: pa.int32(),
    float: pa.float64(),
    bool: pa.bool_(),
}
RecordT = TypeVar("RecordT")


def _arrow_type(hint: object) -> pa.DataType:
    if isinstance(hint, types.GenericAlias):
        return pa.list_(_arrow_type(typing.get_args(hint)[0]))
    if isinstance(hint, types.UnionType):  # T | None: every Arrow column may hold nulls
        return _arrow_type(typing.get_args(hint)[0])
    return _ARROW[hint]


def schema_of(record: type) -> pa.Schema:
    """The Arrow schema of a record class: one column per field, ``tuple[T, ...]`` as ``list<T>``."""
    hints = typing.get_type_hints(record)
    return pa.schema([(field.name, _arrow_type(hints[field.name])) for field in dataclasses.fields(record)])


def to_table(records: Iterable[RecordT], record: type[RecordT]) -> pa.Table:
    """Records as an Arrow table; ``record`` gives the schema, so that an empty list has one too."""
    names = [field.name for field in dataclasses.fields(record)]  # type: ignore[arg-type]
    rows = [{name: getattr(item, name) for name in names} for item in records]
    return pa.Table.from_pylist(rows, schema=schema_of(record))


def from_table(table: pa.Table, record: type[RecordT]) -> list[RecordT]:
    """The records of a table written by ``to_table``; lists become tuples.

    Raises KeyError for a missing column, unless it is one of ``LATER_COLUMNS``.
    """
    every = [field.name for field in dataclasses.fields(record)]  # type: ignore[arg-type]
    names = [name for name in every if name not in LATER_COLUMNS or name in table.column_names]
    columns: list[list[Any]] = [_tuples(table.column(name).to_pylist()) for name in names]
    return [record(**dict(zip(names, row, strict=True))) for row in zip(*columns, strict=True)]


def _tuples(column: list[Any]) -> list[Any]:
    return [tuple(value) if isinstance(value, list) else value for value in column]
