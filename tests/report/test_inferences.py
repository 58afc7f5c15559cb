"""The report on what a model wrote: counts over seeds, coverage by kind, and sample statements."""

import dataclasses
from pathlib import Path

import pyarrow.parquet as pq

from gensweep.records import AugmentationSummary, WrittenStatement, to_table
from gensweep.report.inferences import InferenceRow, inference_rows, written_samples
from gensweep.report.study import load
from tests.report.studies import HOSTILE, MODEL, synthetic
from tests.report.test_html import read

SEED = AugmentationSummary(
    generator=MODEL,
    dataset="simple_reversals",
    augmentation="local",
    seed=0,
    judged=True,
    statements=10,
    entailed=8,
    contradicted=1,
    unknown=1,
    duplicates=4,
    accepted=5,
    answers=3,
    restates=2,
    rejected=7,
    kinds=("depth 1", "reversal"),
    stated=(3, 2),
    total=(6, 8),
    tokens=200,
    seconds=20.0,
    dollars=0.0,
    windows="",
)
OTHER_SEED = dataclasses.replace(
    SEED, seed=1, statements=30, entailed=24, unknown=5, accepted=15, stated=(6, 4), tokens=600, windows="all fit"
)


def folder(path: Path, summaries: list[AugmentationSummary], statements: list[WrittenStatement]) -> Path:
    synthetic(path)
    pq.write_table(to_table(summaries, AugmentationSummary), path / "augmentations.parquet")
    pq.write_table(to_table(statements, WrittenStatement), path / "statements.parquet")
    return path


def row_of(path: Path, *summaries: AugmentationSummary) -> InferenceRow:
    (row,) = inference_rows(load(folder(path, list(summaries), [])))
    return row


def statement(label: str, text: str, seed: int = 0, duplicate: bool = False) -> WrittenStatement:
    return WrittenStatement(
        generator=MODEL,
        dataset="simple_reversals",
        augmentation="local",
        seed=seed,
        origin="local",
        text=text,
        label=label,
        depth=1 if label == "entailed" else -1,
        duplicate=duplicate,
    )


def test_shares_and_costs_are_over_all_seeds(tmp_path: Path) -> None:
    row = row_of(tmp_path, SEED, OTHER_SEED)
    assert (row.statements, row.rejected) == (40, 14)
    assert row.shares == {"entailed": 32 / 40, "contradicted": 2 / 40, "unknown": 6 / 40}
    assert (row.duplicates, row.leaks) == (8 / 40, 4 / 40)
    assert (row.tokens_per_accepted, row.seconds_per_accepted) == (800 / 20, 40.0 / 20)
    assert row.coverage == {"depth 1": 9 / 12, "reversal": 6 / 16}
    assert row.windows == ("all fit",)


def test_without_a_world_nothing_is_called_true_or_false(tmp_path: Path) -> None:
    own = dataclasses.replace(
        SEED, judged=False, entailed=0, contradicted=0, unknown=10, accepted=0, kinds=(), stated=(), total=()
    )
    row = row_of(tmp_path, own)
    assert row.shares is row.tokens_per_accepted is row.seconds_per_accepted is None
    assert row.coverage == {}
    assert ["simple_reversals", "local", "10", "–", "–", "–", "40.0%", "20.0%", "7", "–", "–"] in read(tmp_path).rows


def test_samples_are_the_first_of_each_label_without_duplicates(tmp_path: Path) -> None:
    written = [statement("unknown", "u"), statement("entailed", "old", duplicate=True)]
    written += [statement("entailed", f"e{number}") for number in range(5)] + [statement("entailed", "later", seed=1)]
    found = written_samples(load(folder(tmp_path, [SEED], written)))
    assert [(sample.label, sample.text) for sample in found] == [
        ("entailed", "e0"),
        ("entailed", "e1"),
        ("entailed", "e2"),
        ("unknown", "u"),
    ]


def test_the_page_shows_them_and_what_models_wrote_stays_text(tmp_path: Path) -> None:
    reader = read(folder(tmp_path, [SEED, OTHER_SEED], [statement("entailed", HOSTILE)]))
    assert "What did the model write?" in reader.headings
    assert "simple_reversals local 40 80.0% 5.0% 15.0% 20.0% 10.0% 14 40 2.0 s".split() in [
        " ".join(row).split() for row in reader.rows
    ]
    assert ["simple_reversals", "local", "entailed, 1 step away", HOSTILE] in reader.rows


def test_the_page_names_a_generator_that_is_not_the_model_under_study(tmp_path: Path) -> None:
    other = dataclasses.replace(SEED, generator="a-larger-model", entailed=0, accepted=0)
    reader = read(
        folder(tmp_path, [other], [dataclasses.replace(statement("unknown", "u"), generator="a-larger-model")])
    )
    row = "simple_reversals a-larger-model local 10 0.0% 10.0% 10.0% 40.0% 20.0% 7 – –"
    assert row in [" ".join(cells) for cells in reader.rows]
    assert ["simple_reversals", "a-larger-model", "local", "unknown", "u"] in reader.rows


def test_a_study_without_augmentations_has_no_such_section(tmp_path: Path) -> None:
    assert "What did the model write?" not in read(synthetic(tmp_path)).headings
