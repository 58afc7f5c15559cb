"""The files of cluster/: valid for the tools that read them, and of one Ray version."""

import copy
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from ray.autoscaler._private.util import prepare_config, validate_config

from gensweep import cli
from gensweep.experiment_file import load

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "cluster"


@pytest.mark.parametrize("name", ["aws", "gcp"])
def test_ray_takes_the_launcher_files(name: str) -> None:
    config = yaml.safe_load((FOLDER / f"{name}.yaml").read_text())
    validate_config(prepare_config(copy.deepcopy(config)))
    kinds = config["available_node_types"].values()
    gpus = sum(kind.get("min_workers", 0) * kind["resources"].get("GPU", 0) for kind in kinds)
    assert gpus == config["max_workers"] == 4  # "four machines with a GPU each"


def test_every_file_has_the_ray_of_constraints_txt() -> None:
    pinned = re.search(r"^ray==(.+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    assert pinned
    for name in ("Dockerfile", "aws.yaml", "gcp.yaml"):
        assert re.findall(r"rayproject/ray:([\d.]+)-py311", (FOLDER / name).read_text()) == [pinned[1]]
    _, job = yaml.safe_load_all((FOLDER / "kuberay.yaml").read_text())
    assert job["spec"]["rayClusterSpec"]["rayVersion"] == pinned[1]


def test_pods_mount_what_they_name_and_share_the_folder_of_the_results() -> None:
    claim, job = yaml.safe_load_all((FOLDER / "kuberay.yaml").read_text())
    cluster = job["spec"]["rayClusterSpec"]
    for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
        pod = group["template"]["spec"]
        (container,) = pod["containers"]
        assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
        (shared,) = (v["persistentVolumeClaim"]["claimName"] for v in pod["volumes"] if "persistentVolumeClaim" in v)
        assert shared == claim["metadata"]["name"]


def test_the_commands_in_the_files_are_those_of_gensweep() -> None:
    """The experiment is one of the repository's, and the command line takes the options."""
    texts = [path.read_text() for path in (FOLDER / "aws.yaml", FOLDER / "gcp.yaml", FOLDER / "kuberay.yaml")]
    for text in texts:
        (found,) = re.findall(r"gensweep (run (\S+) --address auto --out (/shared/\w+))", text)
        assert load(ROOT / found[1]).name == found[2].removeprefix("/shared/")
        assert cli.parser().parse_args(found[0].split()).address == "auto"


def test_the_slurm_script_says_how_it_is_called() -> None:
    called = subprocess.run(["bash", FOLDER / "slurm.sh"], capture_output=True, text=True, check=False)
    assert called.returncode == 2 and called.stderr.startswith("usage: sbatch")
