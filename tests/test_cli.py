"""The command line: its verbs are frozen, and help and plans load nothing heavy."""

import subprocess
import sys
from pathlib import Path

import pytest

from gensweep import cli
from gensweep.specs import Augmentation

HEAVY = ("torch", "transformers", "ray", "deepspeed", "wandb", "matplotlib", "datasets", "scipy")

EXPERIMENT = """\
name: small
models: [builtin:random]
datasets: [{name: simple_reversals, facts: 6, documents_per_fact: 2}]
modes: [pretrained, icl, finetune]
"""


def _verbs(parser: object, prefix: str = "") -> set[str]:
    found = set()
    for action in parser._actions:  # type: ignore[attr-defined]
        for name, below in (action.choices or {}).items() if isinstance(action.choices, dict) else ():
            found |= _verbs(below, f"{prefix}{name} ") or {f"{prefix}{name}"}
    return found


def test_the_verbs_are_those_of_the_design() -> None:
    assert _verbs(cli.parser()) == {
        "run",
        "plan",
        "report",
        "data build",
        "data show",
        "data check",
        "data export",
        "data draft",
        "augment",
        "score",
        "models list",
        "models fetch",
    }


def test_the_help_of_augment_names_every_setting_with_its_default(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["augment", "--help"])
    _, _, listed = capsys.readouterr().out.partition("settings, as --set")
    others = {"strategy", "generator"}  # options of the command
    for name, field in Augmentation.model_fields.items():
        assert (f"\n  {name} " in listed) == (name not in others)
        if name not in others and field.default:
            assert f"default: {str(field.default).lower()}" in listed.partition(f"\n  {name} ")[2]


@pytest.mark.parametrize("arguments", [["--help"], ["plan", "small.yaml"], ["models", "list"]])
def test_light_commands_import_no_heavy_library(arguments: list[str], tmp_path: Path) -> None:
    """What keeps these commands under a second: a single import of torch or ray takes longer than that."""
    (tmp_path / "small.yaml").write_text(EXPERIMENT)
    code = (
        "import sys\nfrom gensweep import cli\n"
        "try:\n    code = cli.main(sys.argv[1:])\nexcept SystemExit as end:\n    code = end.code\n"
        f"print('loaded', [name for name in {HEAVY} if name in sys.modules])\nsys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "loaded []"


def test_a_plan_starts_nothing_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "small.yaml").write_text(EXPERIMENT)
    assert cli.main(["plan", str(tmp_path / "small.yaml"), "--out", str(tmp_path / "out")]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["small.yaml"]
    assert "3 conditions, 0 stored" in capsys.readouterr().out


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    """``gensweep models list | true``: the pipe is closed before the first line."""
    command = f"sleep 1; exec {sys.executable} -m gensweep models list"
    listing = subprocess.Popen(["sh", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert listing.stdout and listing.stderr
    listing.stdout.close()
    assert listing.stderr.read() == b""
    assert listing.wait() == 0
