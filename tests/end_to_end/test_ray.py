"""The study over a real Ray cluster on this machine gives the numbers of one process."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gensweep import cli

pytestmark = pytest.mark.slow


def _results(out: Path) -> pa.Table:
    return pq.read_table(out / "results.parquet")


def _same_numbers(one: pa.Table, other: pa.Table) -> None:
    assert one.drop_columns(["choice_logprobs", "choice_unconditional_logprobs"]).equals(
        other.drop_columns(["choice_logprobs", "choice_unconditional_logprobs"])
    )
    for a, b in zip(one["choice_logprobs"].to_pylist(), other["choice_logprobs"].to_pylist(), strict=True):
        assert a == pytest.approx(b, abs=1e-3)


def test_ray_and_inline_give_the_same_numbers(study: Path, tmp_path: Path) -> None:
    assert cli.main(["run", str(study), "--out", str(tmp_path / "inline"), "--inline"]) == 0
    assert cli.main(["run", str(study), "--out", str(tmp_path / "ray")]) == 0
    _same_numbers(_results(tmp_path / "inline"), _results(tmp_path / "ray"))


@pytest.fixture
def sharded(study: Path) -> list[str]:
    """The study with fine-tuning on the documents alone, and the arguments that make it run on two workers."""
    study.write_text(study.read_text().replace("modes: [pretrained, icl, finetune]", "modes: [finetune]"))
    settings = ("augmentations=none", "finetune.workers=2", "finetune.zero_stage=3", "finetune.keep_weights=true")
    return [part for setting in settings for part in ("--set", setting)]


def test_two_workers_with_zero_3_give_the_numbers_of_one(study: Path, sharded: list[str], tmp_path: Path) -> None:
    """The workers, each with its shard of the weights, train and answer; they are no part of a condition's identity.

    The run is killed while they answer, and given again.
    """
    study.write_text(study.read_text().replace("facts: 6", "facts: 60"))
    one, two = tmp_path / "one", tmp_path / "two"
    process = _start(study, two, sharded)
    for line in process.stdout or ():
        if line.endswith(": score\n"):
            break
    _end(process, signal.SIGKILL)
    assert not list(two.glob("store/score/*/manifest.json"))
    assert cli.main(["run", str(study), "--out", str(two), *sharded]) == 0
    assert cli.main(["run", str(study), "--out", str(one), "--inline", "--set", "augmentations=none"]) == 0
    _same_numbers(_results(one), _results(two))
    (condition,) = pq.read_table(two / "conditions.parquet").to_pylist()
    again = ["--set", f"models={condition['weights']}", "--set", "modes=pretrained", "--set", "augmentations=none"]
    assert cli.main(["run", str(study), "--out", str(tmp_path / "again"), "--inline", *again]) == 0
    for kept, tuned in zip(_results(tmp_path / "again").to_pylist(), _results(two).to_pylist(), strict=True):
        assert kept["question_id"] == tuned["question_id"]
        assert kept["choice_logprobs"] == pytest.approx(tuned["choice_logprobs"], abs=1e-5)


def _start(study: Path, out: Path, arguments: list[str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "gensweep", "run", str(study), "--out", str(out), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def _end(process: subprocess.Popen[str], number: int) -> str:
    """Send a signal, as a terminal does to all processes of a command (SIGINT) or to the command alone; its errors.

    It and the processes that it started, Ray's among them, end in seconds, on a busy machine later.
    """
    started = psutil.Process(process.pid).children(recursive=True)
    assert len(started) > 3
    if number == signal.SIGINT:
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    _, errors = process.communicate(timeout=90)
    _, alive = psutil.wait_procs(started, timeout=90)
    assert not [left.name() for left in alive]
    return errors


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_leaves_no_process_and_continues(study: Path, tmp_path: Path, number: int) -> None:
    out = tmp_path / "out"
    study.write_text(study.read_text().replace("steps: 4,", "steps: 400,"))
    process = _start(study, out, [])
    while not list(out.glob("store/score/*/manifest.json")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    errors = _end(process, number)
    assert process.returncode == 130
    assert errors.split("\n")[1:] == [
        "gensweep: stopped; what has finished is kept, and the same command continues from there",
        "",
    ]
    assert not list(out.glob("scratch*"))
    before = _scores(out)
    assert 0 < len(before) < 5
    assert cli.main(["run", str(study), "--out", str(out)]) == 0
    after = _scores(out)
    assert {path: after[path] for path in before} == before
    assert len(after) == 5


def _scores(out: Path) -> dict[str, float]:
    """The finished conditions, with the time when each was."""
    return {str(path): path.stat().st_mtime for path in out.glob("store/score/*/manifest.json")}


def test_the_slurm_script_runs_a_study(study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``cluster/slurm.sh`` on a cluster of one node, which is this machine; what Slurm itself does is stood in for.

    A dataset and the output folder are named relative to where the command was given.
    """
    for name, line in {"scontrol": "echo 127.0.0.1", "srun": 'while [[ $1 == --* ]]; do shift; done; "$@"'}.items():
        _write(tmp_path / "bin" / name, f"#!/bin/bash\n{line}\n").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    _write(tmp_path / ".venv" / "bin" / "activate", f"PATH={Path(sys.executable).parent}:$PATH\n")
    for name, value in {"JOB_NODELIST": "here", "JOB_NUM_NODES": "1", "CPUS_ON_NODE": "2"}.items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    _write(tmp_path / "docs" / "note.txt", "The office is in Graz.\n")
    question = '{"prompt": "The office is in", "choices": ["Graz", "Linz"], "answer": "Graz", "split": "rephrase"}\n'
    _write(tmp_path / "docs" / "questions.jsonl", question)
    text = study.read_text().replace(
        "name: simple_reversals, facts: 6, documents_per_fact: 2", "name: documents, path: docs"
    )
    study.write_text(text.replace("modes: [pretrained, icl, finetune]", "modes: [icl]"))
    script = Path(__file__).parents[2] / "cluster" / "slurm.sh"
    run = subprocess.run([str(script), study.name, "out"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert _results(tmp_path / "out").num_rows == 2


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path
