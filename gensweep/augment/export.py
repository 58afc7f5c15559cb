"""Augmented documents as a dataset for others: Parquet, JSONL as texts and as chats, and a Hugging Face card.

``statements.parquet`` has a row per inferred statement with where it comes from and the audit's verdict. ``text.jsonl``
has the documents and the statements, one ``{"text": …}`` a line; ``chat.jsonl`` has one ``{"messages": […]}`` per
statement, in which a user quotes the passage and the assistant answers with what follows from it.
"""

import dataclasses
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from gensweep.augment import global_
from gensweep.augment.audit import AuditedStatement, AuditSummary, Coverage
from gensweep.fingerprint import fingerprint
from gensweep.records import Dataset, Generation, GenerationRequest, to_table
from gensweep.specs import Augmentation

_QUESTION = "What follows from this, by itself or with what else you know?\n\n"
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_NEED_FACTS = (
    "entailed",
    "contradicted",
    "unknown",
    "accepted",
    "precision",
    "tokens_per_accepted",
    "seconds_per_accepted",
)
"""Figures that say nothing where the dataset has no facts to compare with."""
_FILES = {
    "statements.parquet": "the statements, which `datasets.load_dataset` reads by default",
    "text.jsonl": 'documents and statements as `{"text": …}`, for continued pretraining',
    "chat.jsonl": 'statements as `{"messages": […]}`, for instruction tuning',
    "audit.json": "the figures of the section on the audit",
}
_COLUMNS = {
    "id": "identity of the prompt and number of the line",
    "text": "the statement",
    "strategy": "`local` (from one sentence) or `global` (from the whole collection)",
    "source_id": "the document in `documents.parquet` that it was drawn from",
    "source_start, source_end": "the characters of that document that the prompt was about",
    "prompt_hash": "identity of the full prompt",
    "label, depth": "the audit's verdict (`entailed`, `contradicted`, `unknown`) and the steps from the documents",
    "duplicate": "whether a document or an earlier statement has the same wording",
    "answers, restates": "test question that it answers, or whose wording it has, where no document does",
}


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """A row of ``statements.parquet``; see ``AuditedStatement`` for the columns of the audit."""

    id: str
    text: str
    strategy: str
    source_id: str
    source_start: int
    source_end: int
    prompt_hash: str
    label: str
    depth: int
    duplicate: bool
    answers: str
    restates: str


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """The statements that were kept with their audit, and the requests and generations that they were read from.

    ``generator`` is the name of the model, ``dollars`` what its generations cost.
    """

    audited: Sequence[AuditedStatement]
    coverage: Sequence[Coverage]
    summary: AuditSummary
    requests: Sequence[GenerationRequest]
    generations: Sequence[Generation]
    settings: Augmentation
    generator: str
    dollars: float


def write(out: Path, written: Written, dataset: Dataset) -> None:
    """Write ``statements.parquet``, ``text.jsonl``, ``chat.jsonl``, ``audit.json`` and the card ``README.md``.

    ``datasets.load_dataset(out)`` reads the statements, ``load_dataset("json", data_files=…)`` the other two.
    """
    out.mkdir(parents=True, exist_ok=True)
    statements = list(_statements(written.audited, written.requests))
    texts = [document.text for document in dataset.documents] + [statement.text for statement in statements]
    pq.write_table(to_table(statements, Statement), out / "statements.parquet")
    _write_lines(out / "text.jsonl", ({"text": text} for text in texts))
    _write_lines(out / "chat.jsonl", _chats(statements, dataset))
    unknown = () if dataset.facts else _NEED_FACTS
    figures = {name: value for name, value in dataclasses.asdict(written.summary).items() if name not in unknown}
    figures |= {"dollars": written.dollars, "coverage": [dataclasses.asdict(item) for item in written.coverage]}
    (out / "audit.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    (out / "README.md").write_text(_card(written, dataset), encoding="utf-8")


def _statements(audited: Iterable[AuditedStatement], requests: Iterable[GenerationRequest]) -> Iterator[Statement]:
    asked_by = {request.id: request for request in requests}
    for item in audited:
        request = asked_by[item.document_id.rpartition("/")[0]]
        yield Statement(
            id=item.document_id,
            text=item.text,
            strategy=item.origin,
            source_id=item.source_id,
            source_start=request.start,
            source_end=request.end,
            prompt_hash=fingerprint(request.context + request.prompt),
            label=item.label,
            depth=item.depth,
            duplicate=item.duplicate,
            answers=item.answers,
            restates=item.restates,
        )


def _chats(statements: Iterable[Statement], dataset: Dataset) -> Iterator[dict[str, Any]]:
    texts = {document.id: document.text for document in dataset.documents}
    for statement in statements:
        passage = texts[statement.source_id][statement.source_start : statement.source_end]
        yield {
            "messages": [
                {"role": "user", "content": _QUESTION + passage},
                {"role": "assistant", "content": statement.text},
            ]
        }


def _write_lines(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _card(written: Written, dataset: Dataset) -> str:
    """The card: front matter that the Hub and ``datasets`` read, then what to know before training on it."""
    settings, summary = written.settings, written.summary
    size = next((name for limit, name in _SIZES if summary.statements < limit), "n>1M")
    made = {
        "documents": f"{len(dataset.documents)} of {dataset.name}",
        "strategy": settings.strategy,
        "generator": written.generator,
        "prompt": settings.prompt or "the packaged one",
        "samples per prompt": f"{settings.samples} at temperature {settings.temperature:g}",
        "filter": settings.filter,
        "prompts": f"{len(written.requests)}, of which {sum(g.finish == 'error' for g in written.generations)} failed",
    }
    if windows := global_.describe(written.requests):
        made["windows"] = windows
    if written.dollars:
        made["cost"] = f"{written.dollars:.4f} dollars"
    return "\n".join(
        [
            _front_matter(dataset.name, size),
            f"# {dataset.name}, augmented",
            "",
            f"{summary.statements} statements that a language model inferred from {len(dataset.documents)} documents,",
            "written with gensweep. They are synthetic: read the section on the audit before you train on them.",
            "",
            _table({"made from": "", **made}),
            "## Audit",
            "",
            *_verdict(summary, written.coverage, has_world=bool(dataset.facts)),
            "## Files",
            "",
            _table({"file": "content", **_FILES}),
            "## Columns of statements.parquet",
            "",
            _table({"column": "meaning", **_COLUMNS}),
        ]
    )


def _front_matter(name: str, size: str) -> str:
    """``datasets`` reads all files that a card names with one reader, so it names those of one format."""
    configs = ["- config_name: statements", "  data_files: statements.parquet", "  default: true"]
    head = ["---", f"pretty_name: {json.dumps(name + ', augmented')}", "task_categories:", "- text-generation"]
    tags = ["tags:", "- synthetic", "size_categories:", f"- {size}", "configs:"]
    return "\n".join([*head, *tags, *configs, "---", ""])


def _verdict(summary: AuditSummary, covered: Sequence[Coverage], *, has_world: bool) -> list[str]:
    if not has_world:
        return [
            "The documents come without facts to compare with: whether the statements are true was not checked.",
            "",
        ]
    rows = {
        "statements": "",
        "entailed": f"{summary.entailed} ({summary.precision:.1%}, a lower bound)",
        "contradicted": f"{summary.contradicted}",
        "unknown": f"{summary.unknown}",
        "duplicates": f"{summary.duplicates}",
        "answer a test question": f"{summary.answers}",
        "have a test item's wording": f"{summary.restates} ({summary.leak_rate:.1%})",
        "tokens per accepted statement": f"{summary.tokens_per_accepted:.1f}",
    }
    kinds = {item.kind: f"{item.stated} of {item.total}" for item in covered}
    heading = "What was written down, by depth of inference and by split of the questions:"
    return [_table(rows), heading, "", _table({"kind": "stated", **kinds})]


def _table(rows: dict[str, str]) -> str:
    """A Markdown table of two columns, the first row as its head."""
    head, *body = [f"| {key} | {value} |".replace("\n", " ") for key, value in rows.items()]
    return "\n".join([head, "|---|---|", *body, ""])
