"""Reads what a run wrote into its folder, and arranges the answers by arm and split.

A study may have millions of answers: texts stay dictionary-encoded in Arrow, all counting happens in numpy arrays.
"""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from gensweep.errors import UserError
from gensweep.records import (
    LATER_COLUMNS,
    AugmentationSummary,
    ConditionSummary,
    Result,
    TrainStep,
    WrittenStatement,
    from_table,
    schema_of,
)
from gensweep.report import arms
from gensweep.report.arms import Arm
from gensweep.scoring.predictions import NORMALISATIONS, Normalisation, ScoreBlock, is_near_tie, predict_block
from gensweep.scoring.statistics import Integers, clusters, number

GENERATED = "generated"
"""Column of results.parquet that not every study has: did an augmentation state the answer; null without one."""
Floats = NDArray[np.float64]


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """What one arm answered in one split, over all seeds: arrays of shape (answers,).

    ``rows`` index ``Study.results``; ``asked`` identifies a question and its seed (equal in every arm), ``orderings``
    the order of the documents behind which it was asked, ``cluster_of`` the answer's cluster; ``choices`` counts the
    question's choices, 0 where the answer was written; ``right`` is 1, 0, or NaN where the normalisation needs
    log-likelihoods that are not stored; ``generated`` is 1, 0, or NaN without an augmentation.
    """

    rows: Integers
    correct: NDArray[np.bool_]
    seeds: Integers
    asked: Integers
    orderings: Integers
    cluster_of: Integers
    choices: Integers
    near_tie: NDArray[np.bool_]
    right: Mapping[Normalisation, Floats]
    generated: Floats


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Study:
    """The content of a results folder.

    ``training`` is empty if nothing was trained; ``augmentations`` and ``statements`` (a row per augmented statement)
    are if nothing was augmented.
    """

    folder: Path
    experiment: Mapping[str, Any]
    conditions: tuple[ConditionSummary, ...]
    results: pa.Table
    training: pa.Table
    augmentations: tuple[AugmentationSummary, ...]
    statements: pa.Table
    arms: tuple[Arm, ...]
    answers: Mapping[tuple[Arm, str], Answers]
    seeds_of: Mapping[Arm, tuple[ConditionSummary, ...]]

    @property
    def name(self) -> str:
        """The experiment's name."""
        return str(self.experiment["experiment"]["name"])

    def panels(self) -> list[tuple[str, str]]:
        """(dataset, model) pairs in the order of the experiment: one figure each."""
        return list(dict.fromkeys((arm.dataset, arm.model) for arm in self.arms))

    def arms_of(self, dataset: str, model: str) -> list[Arm]:
        """The arms of one figure: by mode, augmentation, then order in the experiment."""
        return [arm for arm in self.arms if (arm.dataset, arm.model) == (dataset, model)]

    def splits_of(self, dataset: str) -> list[str]:
        """The splits of a dataset in the order in which its questions come."""
        return list(dict.fromkeys(split for arm, split in self.answers if arm.dataset == dataset))


def load(folder: Path) -> Study:
    """Everything that the report shows. Raises UserError if the folder has no results or a file cannot be read."""
    results = _read(folder, "results", Result)
    conditions = tuple(from_table(_read(folder, "conditions", ConditionSummary), ConditionSummary))
    try:
        experiment = json.loads((folder / "experiment.json").read_text(encoding="utf-8"))
        experiment["experiment"]["name"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{folder / 'experiment.json'} cannot be read ({error}); {_remedy(folder)}") from None
    steps = pa.schema([*schema_of(TrainStep), ("condition_id", pa.string())])
    path = folder / "training.parquet"
    augmented = (folder / "augmentations.parquet").exists()
    found = arms.arms_of(conditions)
    seeds_of: dict[arms.Key, list[ConditionSummary]] = {}
    for condition in conditions:
        seeds_of.setdefault(arms.key(condition), []).append(condition)
    return Study(
        folder=folder,
        experiment=experiment,
        conditions=conditions,
        results=results,
        training=pq.read_table(path) if path.exists() else steps.empty_table(),
        augmentations=tuple(
            from_table(_read(folder, "augmentations", AugmentationSummary), AugmentationSummary) if augmented else ()
        ),
        statements=_read(folder, "statements", WrittenStatement)
        if augmented
        else schema_of(WrittenStatement).empty_table(),
        arms=found,
        answers=_answers(results, found) if len(results) else {},
        seeds_of={arm: tuple(seeds_of[arms.key(arm)]) for arm in found},
    )


def _remedy(folder: Path) -> str:
    return f"write it with 'gensweep run EXPERIMENT.yaml --out {folder}'"


def _read(folder: Path, name: str, record: type) -> pa.Table:
    """A results file, its strings dictionary-encoded, as the same prompts and names come again and again.

    A column that results of earlier versions lack has the field's default in every row.
    """
    path = folder / f"{name}.parquet"
    if not path.exists():
        raise UserError(f"{folder} has no results ({path.name} is missing); {_remedy(folder)}")
    fields, optional = schema_of(record), LATER_COLUMNS | {GENERATED}
    try:
        stored = pq.read_schema(path)
        kept = [field for field in fields if field.name in stored.names or field.name not in optional]
        wrong = [f.name for f in kept if f.name not in stored.names or stored.field(f.name).type != f.type]
        if wrong:
            raise ValueError(f"column {wrong[0]} is missing or of another type")
        texts = [field.name for field in kept if pa.types.is_string(field.type)]
        table = pq.read_table(path, columns=[field.name for field in kept], read_dictionary=texts)
    except (OSError, pa.ArrowException, ValueError) as error:
        raise UserError(f"{path} is not a readable results file ({error}); {_remedy(folder)}") from None
    defaults = {field.name: field.default for field in dataclasses.fields(record)}
    for field in fields:
        if field not in kept:
            table = table.append_column(field, pa.array([defaults[field.name]] * len(table), field.type))
    return table


def _answers(results: pa.Table, found: Sequence[Arm]) -> dict[tuple[Arm, str], Answers]:
    """The rows of ``results`` by arm and split, in the order of the arms, then of the rows."""
    arm_of = _arm_numbers(results, found)
    split_of, seeds = _codes(results, "split"), results["seed"].to_numpy().astype(np.int64)
    asked = number(_codes(results, "dataset"), split_of, seeds, _codes(results, "question_id"))
    groups, content = _codes(results, "group"), _content(results, asked)
    correct = results["correct"].to_numpy().astype(np.bool_)
    choices, near_tie, right = _outcomes(results)
    generated = results[GENERATED].cast(pa.float64()).to_numpy()
    orderings = results["ordering"].to_numpy().astype(np.int64)
    cells = number(arm_of, split_of)
    order = np.argsort(cells, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(cells[order])) + 1)
    answers = {}
    for rows in sorted(parts, key=lambda rows: (arm_of[rows[0]], rows[0])):
        answers[found[arm_of[rows[0]]], results["split"][int(rows[0])].as_py()] = Answers(
            rows=rows,
            correct=correct[rows],
            seeds=seeds[rows],
            asked=asked[rows],
            orderings=orderings[rows],
            cluster_of=clusters(seeds[rows], groups[rows], content[rows]),
            choices=choices[rows],
            near_tie=near_tie[rows],
            right={name: values[rows] for name, values in right.items()},
            generated=generated[rows],
        )
    return answers


def _codes(table: pa.Table, column: str) -> Integers:
    """A text column as numbers, equal for equal texts."""
    encoded: pa.DictionaryArray = table[column].unify_dictionaries().combine_chunks()
    return np.asarray(encoded.indices.to_numpy(zero_copy_only=False), dtype=np.int64)


def _arm_numbers(results: pa.Table, found: Sequence[Arm]) -> Integers:
    """The place in ``found`` of each row's arm."""
    places = {arms.key(arm): place for place, arm in enumerate(found)}
    codes = number(*(_codes(results, column) for column in arms.COLUMNS))
    _, first = np.unique(codes, return_index=True)
    keys = results.select(arms.COLUMNS).take(first).to_pylist()
    return np.asarray([places[tuple(row[column] for column in arms.COLUMNS)] for row in keys], dtype=np.int64)[codes]


def _content(results: pa.Table, asked: Integers) -> Integers:
    """Each row's question by its text, so that seeds which build their own questions under equal ids stay apart."""
    _, first = np.unique(asked, return_index=True)
    rows = results.select(["prompt", "choices"]).take(first).to_pylist()
    return number(["\x1f".join([row["prompt"], *sorted(row["choices"])]) for row in rows])[asked]


def _outcomes(results: pa.Table) -> tuple[Integers, NDArray[np.bool_], dict[Normalisation, Floats]]:
    """Number of choices, near ties, and right or wrong by normalisation; each of shape (rows,)."""
    columns = [field.name for field in dataclasses.fields(ScoreBlock)]
    lists = {column: results[column].combine_chunks() for column in columns}
    lengths = {column: pc.list_value_length(values).to_numpy() for column, values in lists.items()}
    starts = {column: np.cumsum(length) - length for column, length in lengths.items()}
    flat = {column: values.flatten().to_numpy() for column, values in lists.items()}
    answer = results["answer_index"].to_numpy()
    choices, priors = lengths["choice_logprobs"], lengths["choice_unconditional_logprobs"]
    near_tie = np.zeros(len(results), dtype=np.bool_)
    right = {name: np.full(len(results), np.nan) for name in NORMALISATIONS}
    for size, prior in set(zip(choices.tolist(), priors.tolist(), strict=True)) - {(0, 0)}:
        rows = np.flatnonzero((choices == size) & (priors == prior))
        block = ScoreBlock(**{c: flat[c][starts[c][rows][:, None] + np.arange(lengths[c][rows[0]])] for c in columns})
        near_tie[rows] = is_near_tie(block)
        for name in NORMALISATIONS:
            if name != "pmi" or prior == size:
                right[name][rows] = predict_block(block, name) == answer[rows]
    return choices.astype(np.int64), near_tie, right
