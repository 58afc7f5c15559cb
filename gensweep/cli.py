"""The command line: verbs only; what they do lives in the modules that they call."""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import TypeAlias

from gensweep.errors import UserError
from gensweep.records import Dataset

Command = Callable[[argparse.Namespace], int]
Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Exit codes: 0 done, 1 some conditions failed, 2 the user's mistake, 130 interrupted."""
    options = parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        code = int(options.command(options))
        sys.stdout.flush()
        return code
    except UserError as mistake:
        print(f"gensweep: {mistake}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(
            "\ngensweep: stopped; what has finished is kept, and the same command continues from there", file=sys.stderr
        )
        return 130
    except BrokenPipeError:  # the reader has seen enough, as in `gensweep data show DIR | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def parser() -> argparse.ArgumentParser:
    """Every verb with its options; a test keeps this list from growing unnoticed."""
    root = argparse.ArgumentParser(
        prog="gensweep",
        description="Should a language model meet documents in its prompt, in its weights, or in its weights together "
        "with its own inferences about them?",
    )
    verbs = root.add_subparsers(required=True, metavar="VERB")
    _study_verbs(verbs)
    _dataset_verbs(verbs)
    _model_verbs(verbs)
    return root


def _verb(group: Verbs, name: str, command: Command, text: str) -> argparse.ArgumentParser:
    made = group.add_parser(name, help=text, description=text)
    made.set_defaults(command=command)
    return made


def _actions(verbs: Verbs, name: str, text: str) -> Verbs:
    return verbs.add_parser(name, help=text, description=text).add_subparsers(required=True, metavar="ACTION")


def _study_verbs(verbs: Verbs) -> None:
    run = _verb(verbs, "run", run_command, "run an experiment file; the same command resumes, extends and re-uses")
    run.add_argument("--address", default="local", help="Ray cluster: local, auto or ray://HOST:PORT (default: local)")
    run.add_argument("--inline", action="store_true", help="run every condition in this process, without Ray")
    plan = _verb(verbs, "plan", plan_command, "show conditions, what is in the store, and the cost; starts nothing")
    for either in (run, plan):
        either.add_argument("experiment", type=Path, metavar="EXPERIMENT.yaml")
        either.add_argument("--out", type=Path, help="folder of the results (default: runs/NAME)")
        either.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="override a setting")
    report = _verb(verbs, "report", report_command, "rebuild report.html and the figures from the Parquet files")
    report.add_argument("out", type=Path, metavar="DIR")
    report.add_argument("--wandb", action="store_true", help="publish a W&B report (needs an account)")
    report.add_argument("--open", action="store_true", help="open report.html in the browser")


def _dataset_verbs(verbs: Verbs) -> None:
    data = _actions(verbs, "data", "one dataset: write it, read it, prove that it does not leak")
    build = _verb(data, "build", data_build, "write a dataset's folder")
    build.add_argument("name", metavar="DATASET")
    build.add_argument("--out", type=Path, required=True, metavar="DIR")
    build.add_argument("--seed", type=int, default=0)
    build.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of the dataset")
    build.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw the dataset's hierarchy")
    show = _verb(data, "show", data_show, "print samples and counts")
    show.add_argument("folder", type=Path, metavar="DIR")
    show.add_argument("--tokenizer", default="", metavar="PATH", help="count tokens under the tokenizer of this folder")
    check = _verb(data, "check", data_check, "prove that no question's answer stands in a document")
    check.add_argument("folder", type=Path, metavar="DIR")
    export = _verb(data, "export", data_export, "write a task folder for lm-evaluation-harness")
    export.add_argument("folder", type=Path, metavar="DIR")
    export.add_argument("--out", type=Path, required=True, metavar="TASKS")
    draft = _verb(data, "draft", data_draft, "let a model draft questions on your own documents, for you to correct")
    draft.add_argument("folder", type=Path, metavar="DOCS")
    draft.add_argument("--model", required=True)


_AUGMENTATION_SETTINGS = """settings, as --set KEY=VALUE and under augmentations: of an experiment file:
  samples       generations per prompt (default: 1; more need a temperature)
  temperature   of sampling (default: 0, the likeliest text)
  max_tokens    of the longest generation (default: 128)
  prompt        a prompt file of your own, or the name of a packaged one
  chat          true: ask in the model's chat template (default: false)
  filter        none, audit (what the dataset's world entails) or judge (what the model
                says follows from what it has read) (default: none)
  max_failures  share of failed generations above which the job stops (default: 0.2)
"""


def _model_verbs(verbs: Verbs) -> None:
    augment = _verb(verbs, "augment", augment_command, "let a model infer more documents from a dataset")
    augment.add_argument("dataset", type=Path, metavar="DATASET_DIR|DOCS", help="a dataset or your documents")
    augment.add_argument("--model", required=True)
    augment.add_argument("--strategy", default="local", help="local, global or local+global (default: local)")
    augment.add_argument("--out", type=Path, required=True, metavar="DIR")
    augment.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of augmentation")
    augment.formatter_class = argparse.RawDescriptionHelpFormatter
    augment.epilog = _AUGMENTATION_SETTINGS
    score = _verb(verbs, "score", score_command, "ask a model a dataset's questions")
    score.add_argument("dataset", type=Path, metavar="DATASET_DIR")
    score.add_argument("--model", required=True)
    score.add_argument("--context", type=Path, metavar="DATASET_DIR", help="put this dataset's documents in the prompt")
    models = _actions(verbs, "models", "list the models at hand, or fetch one")
    _verb(models, "list", models_list, "names that an experiment may use besides paths and Hub ids")
    fetch = _verb(models, "fetch", models_fetch, "download a model of the list into the cache")
    fetch.add_argument("name", metavar="NAME")


def run_command(options: argparse.Namespace) -> int:
    """``gensweep run``."""
    from gensweep import experiment_file, run, terminal
    from gensweep.report import html

    experiment = experiment_file.load(options.experiment, options.set)
    out = options.out or Path("runs") / experiment.name
    console = terminal.console()
    conditions = run.run(experiment, out, address=options.address, inline=options.inline, console=console)
    page = html.build(out)
    terminal.print_summary(out, console)
    terminal.print_failures(conditions, console)
    console.print(f"report: {page}", highlight=False, soft_wrap=True)
    return int(any(condition.status == "failed" for condition in conditions))


def plan_command(options: argparse.Namespace) -> int:
    """``gensweep plan``."""
    from gensweep import experiment_file, plan, terminal

    experiment = experiment_file.load(options.experiment, options.set)
    works = plan.plan(experiment, options.out or Path("runs") / experiment.name)
    terminal.print_plan(experiment, works, terminal.console())
    return 0


def report_command(options: argparse.Namespace) -> int:
    """``gensweep report``."""
    from gensweep.report import html

    page = html.build(options.out)
    print(page)
    if options.wandb:
        from gensweep.report import wandb

        print(wandb.publish(options.out))
    if options.open:
        import webbrowser

        webbrowser.open(page.absolute().as_uri())
    return 0


def data_build(options: argparse.Namespace) -> int:
    """``gensweep data build``: prints what ``gensweep data check`` would."""
    from gensweep import datasets, experiment_file
    from gensweep.datasets import files, hierarchy

    spec = experiment_file.dataset_spec(options.name, options.set)
    dataset = datasets.build(spec, options.seed)
    drawing = hierarchy.as_svg(dataset) if options.plot else ""
    files.write(dataset, options.out)
    if options.plot:
        options.plot.write_text(drawing, encoding="utf-8")
    print(f"written to {options.out}")
    return _print_check(dataset)


def data_show(options: argparse.Namespace) -> int:
    """``gensweep data show``."""
    from gensweep.datasets import files, show

    print(show.show(files.read(options.folder), options.tokenizer))
    return 0


def data_check(options: argparse.Namespace) -> int:
    """``gensweep data check``: exit code 1 if a rule is violated."""
    from gensweep.datasets import files

    return _print_check(files.read(options.folder))


def _print_check(dataset: Dataset) -> int:
    from gensweep import terminal
    from gensweep.datasets import check

    report = check.check(dataset)
    terminal.print_check(report, terminal.console())
    return int(bool(report.violations))


def data_export(options: argparse.Namespace) -> int:
    """``gensweep data export``."""
    from gensweep.datasets import export, files

    alone, in_context = export.export(files.read(options.folder), options.out)
    print(f"lm_eval --include_path {options.out} --tasks {alone}")
    print(f"lm_eval --include_path {options.out} --tasks {in_context}    # with the documents in the prompt")
    return 0


def data_draft(options: argparse.Namespace) -> int:
    """``gensweep data draft``."""
    from gensweep import standalone

    path, drafts, rejected = standalone.draft_questions(options.folder, options.model)
    print(f"{path}: {drafts} questions drafted, {rejected} not taken; correct them before you run an experiment")
    return 0


def augment_command(options: argparse.Namespace) -> int:
    """``gensweep augment``."""
    from rich.console import Console

    from gensweep import experiment_file, live, standalone

    settings = experiment_file.augmentation(options.strategy, options.set)
    job = standalone.augmenting(options.dataset, options.model, settings)
    with live.Watch(
        {job.key: f"{options.model} writes {options.strategy} augmentations"}, Console(stderr=True)
    ) as watch:
        counts = standalone.augment(job, options.out, watch)
    verdict = f", {counts.entailed} of them entailed" if job.dataset.facts else ""
    print(
        f"{options.out}: {len(job.dataset.documents)} documents and {counts.statements} statements inferred from them"
        f"{verdict}; {counts.rejected} texts were not taken (rejections.parquet says why)"
    )
    return 0


def score_command(options: argparse.Namespace) -> int:
    """``gensweep score``: one line of JSON per question."""
    import json

    from gensweep import standalone

    for row in standalone.score_folder(options.dataset, options.model, options.context):
        print(json.dumps(row, ensure_ascii=False), flush=True)
    return 0


def models_list(options: argparse.Namespace) -> int:
    """``gensweep models list``."""
    from gensweep.models import hub
    from gensweep.models.fetch import CATALOGUE

    for name, description in (hub.BUILTIN | {name: entry.description for name, entry in CATALOGUE.items()}).items():
        print(f"{name:16} {description}")
    return 0


def models_fetch(options: argparse.Namespace) -> int:
    """``gensweep models fetch``."""
    from gensweep.models import hub

    print(hub.fetch(options.name))
    return 0
