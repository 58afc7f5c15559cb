"""Accuracy against the size of the context and the order of its documents, on results with known answers."""

import dataclasses
import json
import math
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from studies import answered, result, summary, write

from gensweep.report import html
from gensweep.report.contexts import order_rows, size_rows
from gensweep.report.study import Study, load
from gensweep.report.tables import accuracy_rows, normalised_rows, paired

ARM = ("icl", "none")
ORDERS = {0: (30, 34), 1: (20, 20)}
"""Right answers out of 40 by seed, behind each of two orders."""


def in_context(folder: Path, sizes: dict[int, tuple[int, int]]) -> Path:
    """Conditions in context; ``sizes`` gives the right answers and the tokens of each ``subsample``."""
    results, conditions = [], [summary("simple_reversals", ("pretrained", "none"), 0)]
    for subsample, (right, tokens) in sizes.items():
        own = {"hyperparameters": json.dumps({"subsample": subsample}), "condition_id": str(subsample)}
        size = {"context_tokens": tokens, "context_documents": 64 // subsample}
        conditions.append(dataclasses.replace(summary("simple_reversals", ARM, 0), **own, **size))
        results += [
            dataclasses.replace(result("simple_reversals", "reversal", ARM, 0, n, answered(n, right)), **own)
            for n in range(40)
        ]
    return write(folder, results, conditions)


def in_orders(folder: Path, right: dict[int, tuple[int, ...]]) -> Study:
    """Both seeds behind each order; the questions that are right change with the order."""
    results = [
        dataclasses.replace(
            result("simple_reversals", "reversal", ARM, seed, n, answered((n + 7 * order) % 40, count)), ordering=order
        )
        for seed, counts in right.items()
        for order, count in enumerate(counts)
        for n in range(40)
    ]
    return load(write(folder, results, [summary("simple_reversals", ARM, seed) for seed in right]))


def test_each_context_size_has_its_accuracy(tmp_path: Path) -> None:
    study = load(in_context(tmp_path, {1: (32, 800), 2: (24, 400), 4: (20, 200)}))
    found = size_rows(study, accuracy_rows(study))
    assert [(item.tokens, item.documents, item.row.accuracy.value) for item in found] == [
        (200, 16, 0.5),
        (400, 32, 0.6),
        (800, 64, 0.8),
    ]


def test_the_page_shows_context_sizes_only_where_they_were_varied(tmp_path: Path) -> None:
    page = html.build(in_context(tmp_path / "several", {1: (32, 800), 2: (24, 400)})).read_text()
    assert "Does it help to have more documents in the prompt?" in page and "Accuracy by context size" in page
    assert [path.name.split("-")[0] for path in sorted((tmp_path / "several" / "figures").iterdir())] == [
        "accuracy",
        "context",
    ]
    assert "Does the order of the documents matter?" not in page
    page = html.build(in_context(tmp_path / "one", {1: (32, 800)})).read_text()
    assert "Does it help to have more documents" not in page and "Accuracy by context size" not in page


def test_the_spread_between_orders_is_that_within_a_seed(tmp_path: Path) -> None:
    study = in_orders(tmp_path, ORDERS)
    (item,) = order_rows(study, accuracy_rows(study))
    assert (item.orders, item.row.accuracy.value) == (2, pytest.approx((30 + 34 + 20 + 20) / 160))
    assert (item.lowest, item.highest) == (pytest.approx((30 + 20) / 80), pytest.approx((34 + 20) / 80))
    variance = (0.75 - 0.85) ** 2 / 2  # of two values; the other seed has none
    assert item.deviation == pytest.approx(math.sqrt(variance / 2))
    changing = [
        len({answered((n + 7 * order) % 40, count) for order, count in enumerate(counts)}) == 2
        for counts in ORDERS.values()
        for n in range(40)
    ]
    assert 0 < item.changing == pytest.approx(sum(changing) / 80)
    page = html.build(tmp_path).read_text()
    assert "Does the order of the documents matter?" in page and "more documents in the prompt?" not in page


def test_orders_add_no_questions_and_no_certainty(tmp_path: Path) -> None:
    once = in_orders(tmp_path / "once", {0: (30,), 1: (20,)})
    twice = in_orders(tmp_path / "twice", {0: (30, 30), 1: (20, 20)})
    (row,), (again,) = accuracy_rows(once), accuracy_rows(twice)
    assert (row.questions, again.questions) == (40, 40)
    assert again.accuracy.effective <= 80
    assert order_rows(once, [row]) == []


def test_arms_are_paired_by_question_whatever_the_number_of_orders(tmp_path: Path) -> None:
    study = in_orders(tmp_path, ORDERS)
    (several,) = study.answers.values()
    other = in_orders(tmp_path / "other", {0: (10,), 1: (10,)})
    (single,) = other.answers.values()
    lead = paired(several, single)
    assert lead is not None and lead.answers == 80
    assert lead.value == pytest.approx((32 + 20) / 80 - 20 / 80)


def test_written_answers_have_chance_zero_and_no_normalisation(tmp_path: Path) -> None:
    texts = [(" right", True), (" almost", False), ("<b>right</b>", False), ("right", True)]
    results = [
        dataclasses.replace(
            result("simple_reversals", "reversal", ARM, 0, n, ok),
            choices=(" right",),
            answer_index=0,
            choice_logprobs=(),
            choice_tokens=(),
            choice_bytes=(),
            choice_unconditional_logprobs=(),
            predicted_index=0 if ok else -1,
            correct=ok,
            written=text,
        )
        for n, (text, ok) in enumerate(texts)
    ]
    study = load(write(tmp_path, results, [summary("simple_reversals", ARM, 0)]))
    (row,) = accuracy_rows(study)
    assert (row.accuracy.value, row.chance, row.near_ties) == (0.5, 0.0, 0)
    assert normalised_rows(study) == []
    page = html.build(tmp_path).read_text()
    assert "right answer</th>" in page and "how choices of different length are compared" not in page
    assert page.count("mark-right") + page.count("mark-wrong") >= 2


def test_results_of_an_earlier_version_are_read(tmp_path: Path) -> None:
    folder = in_context(tmp_path, {1: (32, 800)})
    before = html.build(folder).read_bytes()
    for name, later in (("results", ["written", "ordering"]), ("conditions", ["context_documents"])):
        table = pq.read_table(folder / f"{name}.parquet")
        pq.write_table(table.drop_columns(later), folder / f"{name}.parquet")
    assert html.build(folder).read_bytes() == before
