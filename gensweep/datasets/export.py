"""A dataset's questions as a task folder of lm-evaluation-harness (format of its version 0.4).

For each split there are two tasks: the questions alone, for models that were trained on the documents, and the same
with all documents in the prompt. ``lm_eval --include_path DIR --tasks GROUP`` runs a group of them. A split whose
answers are to be written becomes a ``generate_until`` task.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path

from gensweep.errors import UserError
from gensweep.records import Dataset, Document, Question

_CODE = '''"""What the tasks in this folder load; lm-evaluation-harness imports it."""

from pathlib import Path

import datasets

HERE = Path(__file__).parent


def questions(file: str, **metadata: object) -> dict[str, datasets.Dataset]:
    return {"test": datasets.Dataset.from_json(str(HERE / file))}


def prompt_in_context(question: dict[str, str]) -> str:
    return (HERE / "context.txt").read_text(encoding="utf-8") + question["prompt"]


def matched(question: dict, written: list[str]) -> dict[str, float]:
    return {"exact_match": float(written[0].strip() == question["choices"][0].strip())}
'''
_TASK = """task: {task}
custom_dataset: !function gensweep_questions.questions
dataset_kwargs: {{file: {file}}}
test_split: test
doc_to_text: {text}
target_delimiter: ""
{kind}metadata: {{version: 1.0}}
"""
_CHOSEN = """output_type: multiple_choice
doc_to_choice: choices
doc_to_target: answer_index
metric_list:
  - {metric: acc, aggregation: mean, higher_is_better: true}
  - {metric: acc_norm, aggregation: mean, higher_is_better: true}
"""
_WRITTEN = """output_type: generate_until
doc_to_target: "{{{{choices[0]}}}}"
generation_kwargs: {{until: {until}, do_sample: false, max_gen_toks: {tokens}}}
process_results: !function gensweep_questions.matched
metric_list:
  - {{metric: exact_match, aggregation: mean, higher_is_better: true}}
"""
_GROUP = """group: {group}
task: [{tasks}]
aggregate_metric_list:
  - {{metric: {metric}, weight_by_size: true}}
metadata: {{version: 1.0}}
"""


def export(dataset: Dataset, folder: Path) -> tuple[str, str]:
    """Write the task folder and return the names of its groups: questions alone, questions after the documents.

    Raises:
        UserError: the dataset has no questions, or both questions with choices and without, two splits get one name, or
            the folder cannot be written.
    """
    splits: dict[str, list[Question]] = {}
    for question in dataset.questions:
        splits.setdefault(question.split, []).append(question)
    if not splits:
        raise UserError(f"the dataset {dataset.name} has no questions to export")
    kinds = {bool(question.stop) for question in dataset.questions}
    if len(kinds) > 1:
        raise UserError(f"{dataset.name} has questions with choices and without: export them as two datasets")
    names = {split: _name(split) for split in splits}
    if len(set(names.values())) < len(names):
        raise UserError(f"splits of {dataset.name} differ in punctuation only: {', '.join(names)}; rename one of them")
    alone, in_context = f"gensweep_{_name(dataset.name)}", f"gensweep_{_name(dataset.name)}_in_context"
    written = {"gensweep_questions.py": _CODE, "context.txt": _context(dataset.documents)}
    for group, text in ((alone, "prompt"), (in_context, "!function gensweep_questions.prompt_in_context")):
        tasks = {f"{group}_{name}": split for split, name in names.items()}
        for task, split in tasks.items():
            file, kind = f"{names[split]}.jsonl", _kind(splits[split])
            written[f"{task}.yaml"] = _TASK.format(task=task, file=file, text=text, kind=kind)
        metric = "exact_match" if True in kinds else "acc"
        written[f"{group}.yaml"] = _GROUP.format(group=group, tasks=", ".join(tasks), metric=metric)
    written |= {f"{names[split]}.jsonl": _lines(questions) for split, questions in splits.items()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, content in written.items():
            (folder / file).write_text(content, encoding="utf-8")
    except OSError as error:
        raise UserError(f"the tasks cannot be written to {folder}: {error.strerror or error}") from None
    return alone, in_context


def _kind(questions: Sequence[Question]) -> str:
    """The lines of a task that say how its questions are asked and measured."""
    stops = list(dict.fromkeys(stop for question in questions for stop in question.stop))
    if not stops:
        return _CHOSEN
    return _WRITTEN.format(until=json.dumps(stops), tokens=max(question.most_tokens for question in questions))


def _context(documents: Sequence[Document]) -> str:
    """What gensweep itself puts before a question for a base model: a text a line, then a blank line."""
    return "\n".join(document.text for document in documents) + "\n\n"


def _name(text: str) -> str:
    return re.sub(r"\W+", "_", text)


def _lines(questions: Sequence[Question]) -> str:
    rows = (
        {"id": q.id, "prompt": q.prompt, "choices": q.choices, "answer_index": q.answer_index, "group": q.group}
        for q in questions
    )
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
