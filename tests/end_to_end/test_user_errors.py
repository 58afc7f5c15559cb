"""Each mistake of a user is one sentence that names the place and the fix, with exit code 2 and nothing written."""

import json
import os
from pathlib import Path

import pytest

from gensweep import cli

SEPARATE = ["--inline"]


def _mistake(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert cli.main(arguments) == 2
    message = capsys.readouterr().err.strip()
    assert len(message.splitlines()) == 1
    assert message.startswith("gensweep: ")
    return message


def _edited(study: Path, old: str, new: str) -> list[str]:
    text = study.read_text()
    assert old in text
    study.write_text(text.replace(old, new))
    return ["run", str(study), "--out", str(study.parent / "out"), "--inline"]


def _untouched(study: Path) -> bool:
    return not (study.parent / "out").exists() or not list((study.parent / "out").rglob("*.*"))


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("steps: 4", "stepps: 4", ["study.yaml:8", "stepps", "steps"]),
        ("modes: [pretrained", "modes: [pretraned", ["study.yaml:6", "pretraned", "pretrained"]),
        ("name: simple_reversals", "name: simple_reversal", ["study.yaml:4", "simple_reversals"]),
        ("facts: 6", "facts: many", ["study.yaml:4", "facts"]),
        ("facts: 6", "facts: 100000", ["200000 nonsense words", "lower its facts"]),
        ("builtin:random", "./no/such/model", ["./no/such/model"]),
        ("builtin:random", "builtin:tini", ["builtin:tini", "builtin:tiny"]),
        ("builtin:random", "builtin:fake", ["builtin:fake", "pretrained, icl"]),
    ],
)
def test_a_mistake_in_the_experiment_file(
    study: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, parts: list[str]
) -> None:
    message = _mistake(_edited(study, old, new), capsys)
    for part in parts:
        assert part in message
    assert _untouched(study)


def test_a_missing_experiment_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "nothing.yaml" in _mistake(["run", str(tmp_path / "nothing.yaml")], capsys)


def test_a_dataset_folder_without_its_files(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (study.parent / "empty").mkdir()
    dataset = f"name: reversal_curse, path: {study.parent / 'empty'}"
    arguments = _edited(study, "name: simple_reversals, facts: 6, documents_per_fact: 2", dataset)
    assert str(study.parent / "empty") in _mistake(arguments, capsys)
    assert _untouched(study)


def test_a_malformed_line_of_a_dataset_file(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = study.parent / "files"
    folder.mkdir()
    row = json.dumps({"prompt": "Ann Bee is", "completion": " the inventor of the wheel."})
    for name in ("p2d_prompts_train", "d2p_prompts_train", "both_prompts_train", "both_prompts_test"):
        (folder / f"{name}.jsonl").write_text(f"{row}\n")
    (folder / "p2d_prompts_train.jsonl").write_text(f"{row}\n{row[:-3]}\n")
    for name in (
        "p2d_reverse_prompts_test",
        "d2p_reverse_prompts_test",
        "p2d_prompts_test",
        "d2p_prompts_test",
        "both_prompts_test",
    ):
        (folder / f"{name}.jsonl").write_text(f"{row}\n")
    dataset = f"name: reversal_curse, path: {folder}"
    arguments = _edited(study, "name: simple_reversals, facts: 6, documents_per_fact: 2", dataset)
    assert "p2d_prompts_train.jsonl:2" in _mistake(arguments, capsys)
    assert _untouched(study)


def test_a_context_longer_than_the_window(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    message = _mistake(_edited(study, "facts: 6, documents_per_fact: 2", "facts: 100, documents_per_fact: 10"), capsys)
    assert "icl.subsample" in message
    assert len([word for word in message.replace("(", " ").split() if word.isdigit()]) >= 2
    assert _untouched(study)


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_an_output_folder_without_permission(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (study.parent / "locked").mkdir(mode=0o500)
    arguments = ["run", str(study), "--out", str(study.parent / "locked" / "out"), "--inline"]
    assert "locked/out" in _mistake(arguments, capsys)


def test_an_output_folder_under_a_file(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = study / "out"
    assert str(out) in _mistake(["run", str(study), "--out", str(out), "--inline"], capsys)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("setting", "part"),
    [
        ("resources.gpus_per_trial=64", "64 GPUs"),
        ("resources.cpus_per_trial=5000", "5000 CPUs"),
        ("finetune.workers=4096", "workers"),
    ],
)
def test_resources_that_the_machine_cannot_give(
    study: Path, capsys: pytest.CaptureFixture[str], setting: str, part: str
) -> None:
    arguments = ["run", str(study), "--out", str(study.parent / "out"), "--set", setting]
    if "workers" in setting:
        arguments += ["--set", "finetune.batch_size=4096"]
    assert part in _mistake(arguments, capsys)


@pytest.mark.slow
def test_an_address_where_no_cluster_answers(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["run", str(study), "--out", str(study.parent / "out"), "--address", "127.0.0.1:1"]
    assert "--address 127.0.0.1:1" in _mistake(arguments, capsys)
