"""A sweep over several nodes, each a real Ray node of its own on this machine."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import ray
from ray.cluster_utils import Cluster

from gensweep import cli
from gensweep.config import Resources
from gensweep.distributed.cluster import Share, connected, share_out
from gensweep.errors import UserError

pytestmark = pytest.mark.slow

STUDY = """\
name: nodes
models: [builtin:random]
datasets: [{name: simple_reversals, facts: 6, documents_per_fact: 2}]
modes: [finetune]
finetune: {steps: 2, batch_size: 4, workers: 2, zero_stage: 2}
"""


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A head and a worker of one CPU each: two workers fit only on both together."""
    started = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    started.add_node(num_cpus=1)
    started.wait_for_nodes()
    yield started
    ray.shutdown()
    started.shutdown()


def test_workers_of_one_condition_span_two_nodes(cluster: Cluster, tmp_path: Path) -> None:
    study = tmp_path / "nodes.yaml"
    study.write_text(STUDY)
    assert cli.main(["run", str(study), "--out", str(tmp_path / "out"), "--address", cluster.address]) == 0
    assert cli.main(["run", str(study), "--out", str(tmp_path / "one"), "--inline"]) == 0
    two, one = (pq.read_table(tmp_path / folder / "results.parquet") for folder in ("out", "one"))
    assert two["condition_id"].equals(one["condition_id"])
    for many, single in zip(two["choice_logprobs"].to_pylist(), one["choice_logprobs"].to_pylist(), strict=True):
        assert many == pytest.approx(single, abs=1e-3)


@pytest.fixture
def mixed() -> Iterator[Cluster]:
    """A head with many CPUs and no GPU, and a node with two GPUs (Ray counts them, nothing uses them)."""
    started = Cluster(initialize_head=True, head_node_args={"num_cpus": 9, "num_gpus": 0})
    started.add_node(num_cpus=4, num_gpus=2)
    started.wait_for_nodes()
    yield started
    ray.shutdown()
    started.shutdown()


def test_a_trial_gets_no_more_than_one_node_has(mixed: Cluster) -> None:
    """Thirteen CPUs over two GPUs would be six for each trial, which no node with a GPU has: none would ever start."""
    with connected(mixed.address):
        assert share_out(Resources(), []) == Share(cpus=2, gpus=1.0, slots=2)
        assert share_out(Resources(gpus_per_trial=0.5), []) == Share(cpus=1, gpus=0.5, slots=4)
        assert share_out(Resources(gpus_per_trial=0, cpus_per_trial=4), []) == Share(cpus=4, gpus=0, slots=3)
        with pytest.raises(
            UserError, match="gpus_per_trial asks for 4 GPUs but no node of the cluster has more than 2"
        ):
            share_out(Resources(gpus_per_trial=4), [])
        with pytest.raises(
            UserError, match="asks for 5 CPUs but no node of the cluster with enough GPUs has more than 4"
        ):
            share_out(Resources(gpus_per_trial=1, cpus_per_trial=5), [])
