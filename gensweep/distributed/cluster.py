"""Connects to Ray, and decides what each trial gets of the cluster before anything starts."""

import contextlib
import dataclasses
import logging
import os
import signal
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import ray

from gensweep.config import Condition, Resources
from gensweep.errors import UserError

_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing phones home
    "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.2",  # the default of 2 s adds seconds to the end of each trainer
    "RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S": "120",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",  # the store keeps the results
    "TUNE_DISABLE_SIGINT_HANDLER": "1",  # Ctrl-C ends the run at once; finished stages are in the store
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_DATA_DISABLE_PROGRESS_BARS": "1",
    "RAY_CHDIR_TO_TRIAL_DIR": "0",  # relative paths of an experiment mean the same in every process
    "TOKENIZERS_PARALLELISM": "false",
}
_CONNECT_SECONDS = 10.0
LAUNCHER = {"memory": 64 * 2**20}
"""What a trial holds that only waits for its trainer: Tune refuses one that holds nothing, and a share of a CPU would
keep the last worker from its place."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """CPUs and GPUs of one process that trains or generates, and how many such processes fit the cluster."""

    cpus: int
    gpus: float
    slots: int


@contextlib.contextmanager
def connected(address: str) -> Iterator[None]:
    """A connection to the cluster at ``address`` (``local`` starts one on this machine), closed at the end.

    Raises:
        UserError: no cluster answers at ``address``.
    """
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    for name in ("ray.data", "ray.tune", "ray.train"):
        logging.getLogger(name).setLevel(logging.ERROR)
    _require_listener(address)
    try:
        _connect(address)
        yield
    finally:
        ray.shutdown()


def _connect(address: str) -> None:
    """``ray.init`` that gives SIGTERM back: Ray takes it for itself, and would end this process on the spot."""
    on_sigterm = signal.getsignal(signal.SIGTERM)
    # A dashboard would be a dozen processes more, for a page that nobody is told of.
    own: dict[str, Any] = {"include_dashboard": False} if address == "local" else {}
    try:
        ray.init(address, log_to_driver=False, logging_level="error", runtime_env={"env_vars": _SETTINGS}, **own)
    except (ConnectionError, ValueError) as error:
        raise UserError(f"no Ray cluster answers at --address {address}: {str(error).splitlines()[0]}") from None
    except SystemExit as error:  # what Ray makes of SIGTERM while it starts
        raise KeyboardInterrupt from error
    finally:
        signal.signal(signal.SIGTERM, on_sigterm)


def _require_listener(address: str) -> None:
    """Raises UserError if nothing listens at HOST:PORT, which Ray itself would wait for without end."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon:
        return
    try:
        socket.create_connection((host, int(port)), timeout=_CONNECT_SECONDS).close()
    except (OSError, ValueError) as error:
        raise UserError(f"no Ray cluster answers at --address {address}: {error}") from None


@contextlib.contextmanager
def hushed() -> Iterator[None]:
    """Without what Ray's own core writes to standard error, which no setting stops; its log files have it too."""
    kept = os.dup(2)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def share_out(resources: Resources, conditions: Sequence[Condition]) -> Share:
    """What each process gets of the nodes that are there; a process is on one node.

    Raises:
        UserError: the cluster cannot give what the experiment asks for.
    """
    alive = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    nodes = [(int(have.get("CPU", 0)), have.get("GPU", 0.0)) for have in alive]
    most_gpus = max(gpus for _, gpus in nodes)
    gpus = min(1.0, most_gpus) if resources.gpus_per_trial == "auto" else resources.gpus_per_trial
    if gpus > most_gpus:
        raise UserError(
            f"resources.gpus_per_trial asks for {gpus:g} GPUs but no node of the cluster has more than {most_gpus:g}: "
            "lower it, or give --address of another cluster"
        )
    with_gpus = [(cpus, here) for cpus, here in nodes if here >= gpus]
    most_cpus = max(cpus for cpus, _ in with_gpus)
    even = max(1, min(int(cpus * gpus // here) for cpus, here in with_gpus)) if gpus else 1
    cpus = even if resources.cpus_per_trial == "auto" else resources.cpus_per_trial
    if cpus > most_cpus:
        raise UserError(
            f"resources.cpus_per_trial asks for {cpus} CPUs but no node of the cluster "
            f"{'with enough GPUs ' if gpus else ''}has more than {most_cpus}: "
            "lower it, or give --address of another cluster"
        )
    slots = sum(min(here // cpus, int(gpus_here // gpus) if gpus else here) for here, gpus_here in with_gpus)
    workers = max((condition.finetune.workers for condition in conditions if condition.finetune), default=1)
    if workers > slots:
        raise UserError(
            f"finetune.workers asks for {workers} workers of {cpus} CPUs and {gpus:g} GPUs but the cluster has room "
            f"for {slots}: lower workers, or give --address of a larger cluster"
        )
    return Share(cpus=cpus, gpus=gpus, slots=slots)


def user_error_in(error: BaseException) -> UserError | None:
    """The user's mistake at the bottom of an exception that Ray carried here from another process, if it is one."""
    seen: set[int] = set()
    queue: list[BaseException | None] = [error]
    while queue:
        current = queue.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        if isinstance(current, UserError):
            return UserError(str(current.args[0]))
        queue += [current.__cause__, current.__context__, getattr(current, "cause", None)]
        queue += getattr(current, "worker_failures", {}).values()  # of a Ray Train group
    return None
