"""Weights & Biases from several Ray actors at once.

Apart from the tracker's other tests, which change HOME: a Ray that starts after another one in the same process keeps
that one's authentication token in memory, but its server looks for the token in ``$HOME/.ray`` and ends without it.
"""

from pathlib import Path

import pytest

from gensweep.track import WandbTracker
from tests.test_track import FINETUNE, ICL, runs, tracker


@pytest.mark.slow
def test_ray_actors_track_at_once(tmp_path: Path) -> None:
    import ray

    @ray.remote(num_cpus=0)
    class Actor:
        def run(self, offline: WandbTracker, seed: int) -> None:
            for condition in (ICL, FINETUNE):
                with offline.start(condition, f"{condition.mode} {seed}") as run:
                    run.log(1, {"train/loss": 1.0 + seed})
                    run.finish({"reversal": seed / 4})

    ray.init(address="local", num_cpus=1, include_dashboard=False, log_to_driver=False)
    try:
        actors = [Actor.remote() for _ in range(3)]
        ray.get([actor.run.remote(tracker(tmp_path), seed) for seed, actor in enumerate(actors)])
    finally:
        ray.shutdown()
    found = sorted((run["job_type"], run["summary"]["accuracy/reversal"]) for run in runs(tmp_path))
    assert found == [(mode, seed / 4) for mode in ("finetune", "icl") for seed in range(3)]
