"""``gensweep run``: look at what is to be done, do what is not in the store, collect it."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from gensweep import results
from gensweep.augmenting import generate_inline
from gensweep.config import Condition, Experiment
from gensweep.keys import stage_keys
from gensweep.live import Watch
from gensweep.models import hub
from gensweep.pipeline import attempt, check_conditions, finished, fit_inline
from gensweep.progress import Notify
from gensweep.records import ConditionSummary
from gensweep.store import Store
from gensweep.track import Tracker, make_tracker


def run(experiment: Experiment, out: Path, *, address: str, inline: bool, console: Console) -> list[ConditionSummary]:
    """Bring every condition's results into the folder ``out``; conditions that are in its store are not run again.

    KeyboardInterrupt passes through, once what has finished is collected; the same call then continues.

    Raises:
        UserError: something that can be known beforehand is wrong; nothing has been started.
    """
    names = results.names_of(experiment)
    for name in dict.fromkeys(name for c in experiment.conditions for name in (c.model, c.generator())):
        hub.ensure(name)
    for condition in experiment.conditions:
        stage_keys(condition)
    store = Store(str(out / "store"))
    pending = [condition for condition in experiment.conditions if finished(condition, store) is None]
    total = len(experiment.conditions)
    console.print(f"{experiment.name}: {total} conditions, {total - len(pending)} done before", highlight=False)
    check_conditions(pending, store)
    results.start(experiment, out)
    errors: dict[str, str] = {}
    try:
        if pending:
            tracker = make_tracker(experiment.tracking, experiment.name, out)
            with Watch(_labels(pending, names, store), console) as watch:
                if inline:
                    _run_inline(pending, store, tracker, watch, errors)
                else:
                    from gensweep.distributed import cluster, sweep

                    with (
                        tempfile.TemporaryDirectory(prefix="scratch-", dir=out, ignore_cleanup_errors=True) as scratch,
                        cluster.connected(address),
                    ):
                        errors |= sweep.run_sweep(experiment, pending, store, tracker, watch, Path(scratch))
    finally:
        summaries = results.collect(experiment, store, out, errors)
    return summaries


def _labels(pending: Sequence[Condition], names: results.Names, store: Store) -> dict[str, str]:
    """What to call everything that is to be done, by the id under which its events come: augmentations, conditions."""
    found: dict[str, str] = {}
    for condition in pending:
        key = stage_keys(condition).augment
        if key and store.get("augment", key) is None:
            strategy, dataset = names.augmentations[condition.augmentation], names.datasets[condition.dataset]
            found[key] = f"{condition.generator()} · {dataset} · write {strategy} augmentations · seed {condition.seed}"
    return found | {_key(condition): results.describe(condition, names) for condition in pending}


def _key(condition: Condition) -> str:
    return stage_keys(condition).score


def _run_inline(
    pending: Sequence[Condition], store: Store, tracker: Tracker, notify: Notify, errors: dict[str, str]
) -> None:
    for condition in pending:
        error = attempt(condition, store, generate=generate_inline, fit=fit_inline, tracker=tracker, notify=notify)
        if error:
            errors[_key(condition)] = error
