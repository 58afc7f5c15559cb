"""The exported folder, as other libraries read it."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from gensweep.augment import audit, export, parse, plan
from gensweep.fingerprint import fingerprint
from gensweep.records import Dataset
from gensweep.specs import Augmentation
from tests.augment.worlds import COMPARISONS, WORDS, dataset, generation

TEXTS = {"d0": "- Glon are dimmer than femp.\n- Zonk are „old“.", "d1": "- Trof are more dangerous than yomp."}


def write(out: Path, source: Dataset) -> export.Written:
    settings = Augmentation(strategy="local", temperature=0.5)
    requests = plan(source, settings, 0, WORDS)
    generations = [generation(request, TEXTS[request.source_id], new_tokens=20) for request in requests]
    documents, _ = parse(requests, generations, source)
    audited = audit.audit(documents, source)
    written = export.Written(
        audited=audited,
        coverage=audit.coverage(audited, source),
        summary=audit.summarise(audited, generations, 3.0),
        requests=requests,
        generations=generations,
        settings=settings,
        generator="some/model",
        dollars=0.0,
    )
    export.write(out, written, source)
    return written


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_statements_say_where_they_come_from(tmp_path: Path) -> None:
    written = write(tmp_path, COMPARISONS)
    rows = pq.read_table(tmp_path / "statements.parquet").to_pylist()
    assert [(row["source_id"], row["label"], row["depth"], row["answers"]) for row in rows] == [
        ("d0", "entailed", 1, "q0"),
        ("d0", "unknown", -1, ""),
        ("d1", "contradicted", -1, ""),
    ]
    first = rows[0]
    assert first["text"] == "Glon are dimmer than femp."
    assert (first["source_start"], first["source_end"]) == (0, len(COMPARISONS.documents[0].text))
    assert first["prompt_hash"] == fingerprint(written.requests[0].context + written.requests[0].prompt)
    assert rows[1]["prompt_hash"] == first["prompt_hash"] != rows[2]["prompt_hash"]


def test_text_and_chat_layouts(tmp_path: Path) -> None:
    write(tmp_path, COMPARISONS)
    assert [row["text"] for row in lines(tmp_path / "text.jsonl")] == [
        "Did you know that femp are brighter than glon?",
        "Yomp are more dangerous than trof.",
        "Glon are dimmer than femp.",
        "Zonk are „old“.",
        "Trof are more dangerous than yomp.",
    ]
    chats = lines(tmp_path / "chat.jsonl")
    assert len(chats) == 3
    user, assistant = chats[0]["messages"]
    assert (user["role"], assistant["role"]) == ("user", "assistant")
    assert user["content"].endswith("\n\nDid you know that femp are brighter than glon?")
    assert assistant["content"] == "Glon are dimmer than femp."


def test_card_and_audit_have_the_figures(tmp_path: Path) -> None:
    write(tmp_path, COMPARISONS)
    figures = json.loads((tmp_path / "audit.json").read_text())
    assert (figures["statements"], figures["entailed"], figures["tokens_per_accepted"]) == (3, 1, 40.0)
    assert {"kind": "reversal", "stated": 1, "total": 2} in figures["coverage"]
    card = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert card.startswith("---\n") and "| entailed | 1 (33.3%, a lower bound) |" in card and "some/model" in card
    write(tmp_path / "own", dataset("Femp are brighter.", "Yomp are old."))
    assert "was not checked" in (tmp_path / "own" / "README.md").read_text(encoding="utf-8")
    unchecked = json.loads((tmp_path / "own" / "audit.json").read_text())
    assert unchecked["statements"] == 3 and not unchecked.keys() & {"precision", "unknown", "accepted"}


def test_two_writes_are_the_same_bytes(tmp_path: Path) -> None:
    write(tmp_path / "one", COMPARISONS)
    write(tmp_path / "two", COMPARISONS)
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == ["README.md", "audit.json", "chat.jsonl", "statements.parquet", "text.jsonl"]
    assert all((tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes() for name in names)


@pytest.mark.slow
def test_hugging_face_datasets_reads_all_three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    out, settings = tmp_path / "out", {"cache_dir": str(tmp_path / "cache"), "split": "train"}
    write(out, COMPARISONS)
    pq.write_table(pq.read_table(out / "statements.parquet"), out / "documents.parquet")  # the dataset's lies beside it
    assert len(datasets.load_dataset(str(out), **settings)) == 3
    assert len(datasets.load_dataset("json", data_files=str(out / "text.jsonl"), **settings)) == 5
    chats = datasets.load_dataset("json", data_files=str(out / "chat.jsonl"), **settings)
    assert [turn["role"] for turn in chats[2]["messages"]] == ["user", "assistant"]
