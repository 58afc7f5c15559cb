"""The exported folder is what lm-evaluation-harness loads and runs."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from gensweep.datasets import export, process, semantic_structure
from gensweep.errors import UserError
from gensweep.prompting import plain_context
from gensweep.specs import Process, SemanticStructure
from tests.datasets.samples import QUESTION, SOUND

SMALL = semantic_structure.build(
    SemanticStructure(categories=12, documents=30, qa_documents=0, questions_per_split=5), 0
)


def test_the_files_hold_the_questions_by_split(tmp_path: Path) -> None:
    assert export.export(SMALL, tmp_path) == (
        "gensweep_semantic_structure",
        "gensweep_semantic_structure_in_context",
    )
    rows = [json.loads(line) for line in (tmp_path / "syllogism.jsonl").read_text(encoding="utf-8").splitlines()]
    questions = [question for question in SMALL.questions if question.split == "syllogism"]
    assert [(row["id"], row["prompt"], tuple(row["choices"]), row["answer_index"]) for row in rows] == [
        (question.id, question.prompt, question.choices, question.answer_index) for question in questions
    ]


def test_what_cannot_be_exported(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="sample has no questions to export"):
        export.export(dataclasses.replace(SOUND, questions=()), tmp_path)
    twin = dataclasses.replace(QUESTION, id="q2", split="a b")
    with pytest.raises(UserError, match="splits of sample differ in punctuation only: a_b, a b"):
        export.export(
            dataclasses.replace(SOUND, questions=(dataclasses.replace(QUESTION, split="a_b"), twin)), tmp_path
        )
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        export.export(SOUND, tmp_path / "file" / "folder")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_lm_evaluation_harness_runs_the_groups(tmp_path: Path) -> None:
    from lm_eval.api.instance import Instance
    from lm_eval.api.model import LM
    from lm_eval.evaluator import simple_evaluate
    from lm_eval.tasks import TaskManager

    right = {(question.prompt, question.choices[question.answer_index]) for question in SMALL.questions}
    documents = plain_context(SMALL.documents)

    class Knows(LM):  # type: ignore[misc]
        """Finds each right choice the likelier one where the prompt has the documents, each wrong one elsewhere."""

        def loglikelihood(self, requests: Sequence[Instance]) -> list[tuple[float, bool]]:
            return [(self._score(*request.args), False) for request in requests]

        def _score(self, context: str, choice: str) -> float:
            prompt = context.rpartition("\n")[2]
            assert context in (prompt, documents + prompt)
            return float(((prompt, choice) in right) == (context != prompt))

        def loglikelihood_rolling(self, requests: Sequence[Instance]) -> Any:
            raise NotImplementedError

        def generate_until(self, requests: Sequence[Instance]) -> Any:
            raise NotImplementedError

    groups = export.export(SMALL, tmp_path)
    manager = TaskManager(include_path=str(tmp_path), include_defaults=False)
    found = simple_evaluate(model=Knows(), tasks=list(groups), task_manager=manager, bootstrap_iters=0)
    splits = {question.split for question in SMALL.questions}
    accuracies = {name: result["acc,none"] for name, result in found["results"].items()}
    assert accuracies == {
        name: accuracy
        for group, accuracy in zip(groups, (0.0, 1.0), strict=True)
        for name in (group, *(f"{group}_{split}" for split in splits))
    }
    assert {f"{groups[0]}_{split}" for split in splits} <= set(found["n-samples"])


WRITTEN = process.build(Process(documents=20, questions_per_split=4, answers="exact_match"), 0)


def test_questions_with_choices_and_without_do_not_mix(tmp_path: Path) -> None:
    mixed = dataclasses.replace(SOUND, questions=(*SOUND.questions, *WRITTEN.questions))
    with pytest.raises(UserError, match="questions with choices and without"):
        export.export(mixed, tmp_path)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_lm_evaluation_harness_lets_answers_be_written(tmp_path: Path) -> None:
    from lm_eval.api.instance import Instance
    from lm_eval.api.model import LM
    from lm_eval.evaluator import simple_evaluate
    from lm_eval.tasks import TaskManager

    right = {question.prompt: question.choices[0] for question in WRITTEN.questions}

    class Writes(LM):  # type: ignore[misc]
        """Writes the right answer where the prompt has no documents, and a longer text elsewhere."""

        def generate_until(self, requests: Sequence[Instance]) -> list[str]:
            return [self._write(*request.args) for request in requests]

        def _write(self, context: str, settings: dict[str, Any]) -> str:
            prompt = context.rpartition("\n")[2]
            assert settings["until"] == [".", "\n"] and settings["max_gen_toks"] > len(right[prompt])
            return right[prompt] + (" " if context == prompt else " and more")

        def loglikelihood(self, requests: Sequence[Instance]) -> Any:
            raise NotImplementedError

        def loglikelihood_rolling(self, requests: Sequence[Instance]) -> Any:
            raise NotImplementedError

    groups = export.export(WRITTEN, tmp_path)
    manager = TaskManager(include_path=str(tmp_path), include_defaults=False)
    found = simple_evaluate(model=Writes(), tasks=list(groups), task_manager=manager, bootstrap_iters=0)
    assert {name: result["exact_match,none"] for name, result in found["results"].items()} == {
        name: accuracy
        for group, accuracy in zip(groups, (1.0, 0.0), strict=True)
        for name in (group, *(f"{group}_{split}" for split in ("rephrase", "new_expression", "rule_combination")))
    }
