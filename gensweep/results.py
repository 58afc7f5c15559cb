"""From the store to an experiment's files: results, conditions, training steps, augmentations; experiment.json."""

import dataclasses
import json
import os
import platform
import subprocess
from collections.abc import Collection, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from gensweep.config import Condition, Experiment, labels
from gensweep.keys import stage_keys
from gensweep.pipeline import build_stage
from gensweep.records import (
    AugmentationSummary,
    ConditionSummary,
    Question,
    Result,
    Score,
    from_table,
    schema_of,
    to_table,
)
from gensweep.scoring.predictions import predicted
from gensweep.store import Entry, Store

_LIBRARIES = ("ray", "torch", "deepspeed", "transformers", "datasets", "pyarrow", "wandb", "numpy")


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """What the conditions of an experiment are called in tables and figures."""

    datasets: Mapping[Any, str]
    augmentations: Mapping[Any, str]

    def of(self, condition: Condition) -> dict[str, Any]:
        """The naming columns that ``Result`` and ``ConditionSummary`` share."""
        return {
            "condition_id": stage_keys(condition).score,
            "model": condition.model,
            "dataset": self.datasets[condition.dataset],
            "augmentation": self.augmentations[condition.augmentation],
            "splitting": condition.splitting,
            "mode": condition.mode,
            "seed": condition.seed,
            "hyperparameters": json.dumps(condition.hyperparameters(), sort_keys=True),
        }


def names_of(experiment: Experiment) -> Names:
    """Short names; settings appear in them only where they tell two entries of the experiment apart."""
    conditions = experiment.conditions
    return Names(
        datasets=labels([condition.dataset for condition in conditions], "name"),
        augmentations=labels([condition.augmentation for condition in conditions], "strategy"),
    )


def describe(condition: Condition, names: Names) -> str:
    """One line for a person: ``smollm2-135m · simple_reversals · finetune + local · seed 0``."""
    mode: str = condition.mode
    if condition.augmentation.strategy != "none":
        mode += f" + {names.augmentations[condition.augmentation]}"
    if condition.splitting != "none":
        mode += f" ({condition.splitting})"
    parts = [condition.model, names.datasets[condition.dataset], mode]
    if condition.finetune is not None:
        parts.append(f"lr {condition.finetune.learning_rate:g}")
    if condition.icl is not None and condition.icl.subsample > 1:
        parts.append(f"1/{condition.icl.subsample} of the documents")
    if condition.icl is not None and condition.icl.max_context_tokens is not None:
        parts.append(f"{condition.icl.max_context_tokens} tokens")
    return " · ".join([*parts, f"seed {condition.seed}"])


def start(experiment: Experiment, out: Path) -> None:
    """Write ``experiment.json``: the resolved configuration, versions, commit and hardware."""
    content = {
        "experiment": experiment.model_dump(mode="json"),
        "conditions": len(experiment.conditions),
        "versions": {"gensweep": metadata.version("gensweep"), "python": platform.python_version()}
        | {name: _version(name) for name in _LIBRARIES},
        "commit": _commit(),
        "hardware": {"machine": platform.machine(), "cpus": os.cpu_count(), "system": platform.platform()},
    }
    (out / "experiment.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return "not installed"


def _commit() -> str:
    """The commit of the source tree that runs, empty if it is not a git checkout."""
    try:
        answer = subprocess.run(
            ["git", "describe", "--always", "--dirty"], cwd=Path(__file__).parent, capture_output=True, text=True
        )
    except FileNotFoundError:
        return ""
    return answer.stdout.strip()


def collect(experiment: Experiment, store: Store, out: Path, errors: Mapping[str, str]) -> list[ConditionSummary]:
    """Write the Parquet files of all that is in the store; ``errors`` holds the reason by id of failed conditions."""
    names = names_of(experiment)
    results: list[Result] = []
    summaries: list[ConditionSummary] = []
    steps: list[pa.Table] = []
    written: dict[str, tuple[AugmentationSummary, pa.Table]] = {}
    for condition in experiment.conditions:
        naming = names.of(condition)
        keys = stage_keys(condition)
        entry = store.get("score", keys.score)
        augmented = store.get("augment", keys.augment) if keys.augment else None
        dataset = build_stage(condition, store) if entry or augmented else None
        if dataset and entry:
            results += _rows(dataset.questions, entry, _generated(augmented), naming)
            table = entry.table("steps")
            steps.append(
                table.append_column("condition_id", pa.array([naming["condition_id"]] * len(table), pa.string()))
            )
        if dataset and augmented and keys.augment not in written:
            by = {"generator": condition.generator()}
            written[keys.augment] = _written(augmented, bool(dataset.facts), naming | by)
        kept = store.get("fit", keys.fit) if condition.keeps_weights() else None
        error = errors.get(naming["condition_id"], "")
        status = "done" if entry else "failed" if error else "pending"
        summaries.append(
            ConditionSummary(
                **naming,
                label=describe(condition, names),
                status=status,
                weights=kept.folder if kept else "",
                error=error,
                **_costs(entry, augmented),
            )
        )
    pq.write_table(to_table(results, Result), out / "results.parquet")
    pq.write_table(to_table(summaries, ConditionSummary), out / "conditions.parquet")
    if steps:
        pq.write_table(pa.concat_tables(steps), out / "training.parquet")
    if written:
        rows, statements = zip(*written.values(), strict=True)
        pq.write_table(to_table(rows, AugmentationSummary), out / "augmentations.parquet")
        pq.write_table(pa.concat_tables(statements), out / "statements.parquet")
    return summaries


def _written(entry: Entry, judged: bool, naming: Mapping[str, Any]) -> tuple[AugmentationSummary, pa.Table]:
    """What a stored augmentation wrote: counts, and the audited statements under their names."""
    names = {column: naming[column] for column in ("generator", "dataset", "augmentation", "seed")}
    coverage, counts = entry.table("coverage"), entry.meta["audit"]
    summary = AugmentationSummary(
        **names,
        **{field.name: counts[field.name] for field in dataclasses.fields(AugmentationSummary) if field.name in counts},
        judged=judged,
        rejected=len(entry.table("rejections")),
        kinds=tuple(coverage["kind"].to_pylist()),
        stated=tuple(coverage["stated"].to_pylist()),
        total=tuple(coverage["total"].to_pylist()),
        tokens=entry.meta["new_tokens"],
        seconds=entry.meta["seconds_augment"],
        dollars=entry.meta["dollars"],
        windows=entry.meta["windows"],
    )
    statements = entry.table("audit")
    for column, value in reversed(names.items()):
        statements = statements.add_column(
            0, column, pa.array([value] * len(statements), schema_of(AugmentationSummary).field(column).type)
        )
    return summary, statements


def _rows(
    questions: Sequence[Question], entry: Entry, generated: Collection[str] | None, naming: Mapping[str, Any]
) -> list[Result]:
    rows = []
    asked = {question.id: question for question in questions}
    for score in from_table(entry.table("scores"), Score):
        question = asked[score.question_id]
        given = predicted(question, score)
        rows.append(
            Result(
                **naming,
                split=question.split,
                group=question.group,
                question_id=question.id,
                prompt=question.prompt,
                choices=question.choices,
                answer_index=question.answer_index,
                choice_logprobs=score.choice_logprobs,
                choice_tokens=score.choice_tokens,
                choice_bytes=score.choice_bytes,
                choice_unconditional_logprobs=score.choice_unconditional_logprobs,
                predicted_index=given,
                correct=given == question.answer_index,
                generated=None if generated is None else question.id in generated,
                written=score.written,
                ordering=score.ordering,
            )
        )
    return rows


def _generated(augmented: Entry | None) -> set[str] | None:
    """Ids of the questions whose answer the augmentation wrote down; None without an augmentation."""
    return set(augmented.table("generated")["question_id"].to_pylist()) if augmented else None


def _costs(entry: Entry | None, augmented: Entry | None) -> dict[str, Any]:
    measured: Mapping[str, Any] = entry.meta if entry else {}
    seconds, sizes = ("seconds_fit", "seconds_score"), ("context_documents", "context_tokens", "training_tokens")
    costs = {column: measured.get(column, 0) for column in (*seconds, *sizes, "peak_memory_mb")}
    return costs | {"seconds_augment": augmented.meta["seconds_augment"] if augmented else 0.0}
