"""``gensweep run --inline``: everything in one process, without Ray."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from gensweep import cli


def _run(study: Path, out: Path) -> int:
    return cli.main(["run", str(study), "--out", str(out), "--inline"])


def _entries(out: Path) -> dict[str, float]:
    """Each finished stage in the store, with the time of its manifest."""
    return {str(path.parent): path.stat().st_mtime for path in (out / "store").glob("*/*/manifest.json")}


def test_the_study_ends_with_results_a_summary_and_a_report(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert _run(study, out) == 0
    conditions = pq.read_table(out / "conditions.parquet").to_pylist()
    assert sorted((c["mode"], c["augmentation"], c["status"]) for c in conditions) == [
        ("finetune", "local", "done"),
        ("finetune", "none", "done"),
        ("icl", "local", "done"),
        ("icl", "none", "done"),
        ("pretrained", "none", "done"),
    ]
    results = pq.read_table(out / "results.parquet").to_pylist()
    asked = {row["question_id"] for row in results}
    assert len(results) == 5 * len(asked)
    assert all(row["correct"] == (row["predicted_index"] == row["answer_index"]) for row in results)
    training = pq.read_table(out / "training.parquet").to_pylist()
    assert len(training) == 2 * 4
    (written,) = pq.read_table(out / "augmentations.parquet").to_pylist()
    statements = pq.read_table(out / "statements.parquet").to_pylist()
    assert written["judged"] and written["statements"] == len(statements)
    assert written["entailed"] == sum(statement["label"] == "entailed" for statement in statements)
    assert json.loads((out / "experiment.json").read_text())["experiment"]["name"] == "study"
    printed = capsys.readouterr().out
    assert "reversal" in printed
    assert str(out / "report.html") in printed.splitlines()[-1]
    assert len(list((out / "wandb").glob("offline-run-*"))) == 5


def test_the_same_command_again_uses_all_that_is_there(study: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert _run(study, out) == 0
    before, results = _entries(out), pq.read_table(out / "results.parquet")
    assert _run(study, out) == 0
    assert _entries(out) == before
    assert pq.read_table(out / "results.parquet").equals(results)
    assert len(list((out / "wandb").glob("offline-run-*"))) == 5


def test_a_longer_grid_keeps_the_finished_conditions(study: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert _run(study, out) == 0
    before = _entries(out)
    study.write_text(study.read_text() + "seeds: [0, 1]\n")
    assert _run(study, out) == 0
    after = _entries(out)
    assert {path: after[path] for path in before} == before
    assert pq.read_table(out / "conditions.parquet").num_rows == 10


def _start(study: Path, out: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "gensweep", "run", str(study), "--out", str(out), "--inline"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def _wait_for_a_score(out: Path, process: subprocess.Popen[str]) -> None:
    while not list(out.glob("store/score/*/manifest.json")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_run_that_was_stopped_half_way_continues(study: Path, tmp_path: Path, number: int) -> None:
    out = tmp_path / "out"
    study.write_text(study.read_text().replace("steps: 4,", "steps: 60,"))
    process = _start(study, out)
    _wait_for_a_score(out, process)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    if number != signal.SIGKILL:
        assert process.returncode == 130
        assert "the same command continues" in errors.splitlines()[-1]
        assert pq.read_table(out / "conditions.parquet").num_rows == 5
    before = _entries(out)
    assert 0 < len([path for path in before if "/score/" in path]) < 5
    assert _run(study, out) == 0
    after = _entries(out)
    assert {path: after[path] for path in before} == before
    assert len([path for path in after if "/score/" in path]) == 5


def test_kept_weights_are_a_folder_that_scores_the_same(study: Path, tmp_path: Path) -> None:
    """The kept model, taken as the pretrained one of another study, answers as the fine-tuned condition did."""
    out, kept = tmp_path / "out", ["--set", "finetune.keep_weights=true", "--set", "modes=finetune"]
    assert _run(study, out) == 0
    assert cli.main(["run", str(study), "--out", str(out), "--inline", *kept, "--set", "augmentations=none"]) == 0
    (condition,) = pq.read_table(out / "conditions.parquet").to_pylist()
    tuned = pq.read_table(out / "results.parquet").to_pylist()
    again = ["--set", f"models={condition['weights']}", "--set", "modes=pretrained"]
    assert cli.main(["run", str(study), "--out", str(tmp_path / "again"), "--inline", *again]) == 0
    loaded = pq.read_table(tmp_path / "again" / "results.parquet").to_pylist()
    for one, other in zip(tuned, loaded, strict=True):
        assert one["choice_logprobs"] == pytest.approx(other["choice_logprobs"], abs=1e-5)


WRITTEN = """\
name: written
models: [builtin:random]
datasets: [{name: process, documents: 20, questions_per_split: 2, answers: exact_match}]
modes: [pretrained, icl, finetune]
icl: {subsample: [1, 4], orderings: 2}
finetune: {steps: 2, batch_size: 2}
tracking: {wandb: disabled}
"""


def test_written_answers_behind_contexts_of_two_sizes_and_orders(tmp_path: Path) -> None:
    (tmp_path / "written.yaml").write_text(WRITTEN)
    out = tmp_path / "out"
    assert _run(tmp_path / "written.yaml", out) == 0
    sizes = [
        (c["mode"], c["context_documents"], c["context_tokens"] > 0)
        for c in pq.read_table(out / "conditions.parquet").to_pylist()
    ]
    assert sizes == [("pretrained", 0, False), ("icl", 20, True), ("icl", 5, True), ("finetune", 0, False)]
    results = pq.read_table(out / "results.parquet").to_pylist()
    asked = {row["question_id"] for row in results}
    assert len(asked) == 6 and len(results) == (1 + 2 + 2 + 1) * 6
    assert {(row["mode"], row["ordering"]) for row in results} == {
        ("pretrained", 0),
        ("icl", 0),
        ("icl", 1),
        ("finetune", 0),
    }
    for row in results:
        assert row["written"] is not None and row["choice_logprobs"] == []
        right = row["written"].strip() == row["choices"][0].strip()
        assert (row["correct"], row["predicted_index"]) == (right, 0 if right else -1)
    page = (out / "report.html").read_text()
    assert "Does the order of the documents matter?" in page and "more documents in the prompt?" in page


def test_a_context_above_its_limit_is_refused_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = tmp_path / "written.yaml"
    study.write_text(WRITTEN.replace("orderings: 2", "max_context_tokens: 500"))
    assert _run(study, tmp_path / "out") == 2
    assert "icl.max_context_tokens is 500, but the context of 20 documents has" in capsys.readouterr().err
    study.write_text(WRITTEN.replace("orderings: 2", "max_context_tokens: 900, overflow: fewer_documents"))
    assert _run(study, tmp_path / "out") == 0
    conditions = pq.read_table(tmp_path / "out" / "conditions.parquet").to_pylist()
    assert all(0 < c["context_tokens"] <= 900 and c["context_documents"] > 0 for c in conditions if c["mode"] == "icl")
