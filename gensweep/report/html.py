"""``report.html``: the whole study on one page that needs no network and no other file."""

import base64
import dataclasses
import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path

import jinja2
import numpy as np
from markupsafe import Markup, escape

from gensweep.errors import UserError
from gensweep.records import ConditionSummary
from gensweep.report import figures
from gensweep.report.answer import Verdict, answer, points, verdicts
from gensweep.report.arms import WAYS, Arm
from gensweep.report.contexts import order_rows, size_rows
from gensweep.report.inferences import LABELS, inference_rows, written_samples
from gensweep.report.samples import Sample, samples
from gensweep.report.study import Study, load
from gensweep.report.tables import (
    RECALL,
    AccuracyRow,
    accuracy_rows,
    dose_rows,
    interval,
    normalised_rows,
    percent,
    selected,
)

_HERE = Path(__file__).parent
_TINY = "builtin:tiny"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Panel:
    """What the page shows of one dataset and model; figures are SVG text, empty where there is nothing to draw.

    ``recall`` tells by what ``hidden`` arms were left out of the figures: the split of that name, or, if it is empty,
    the mean over all splits.
    """

    anchor: str
    dataset: str
    model: str
    answer: Sequence[str]
    verdicts: Sequence[Verdict]
    bars: str
    by_seed: str
    by_size: str
    curves: str
    hidden: int
    recall: str
    seeds: int
    samples: Sequence[Sample]


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """Conditions that failed for the same reason: ``reason`` is the last line of the ``error`` of the first."""

    reason: str
    error: str
    labels: Sequence[str]


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ArmCost:
    """Means over the finished seeds of one arm; ``peak_memory_mb`` is their maximum."""

    arm: Arm
    finished: int
    seconds_augment: float
    seconds_fit: float
    seconds_score: float
    context_tokens: float
    training_tokens: float
    peak_memory_mb: float


def build(out: Path) -> Path:
    """Write ``report.html`` and ``figures/*.svg`` into ``out`` from its Parquet files, and return the page's path.

    Equal files give equal bytes. Raises UserError if the folder has no results or cannot be written.
    """
    study = load(out)
    rows = accuracy_rows(study)
    panels = [_panel(study, rows, *names) for names in study.panels()]
    page = _render(study, rows, panels)
    path = out / "report.html"
    try:
        (out / "figures").mkdir(exist_ok=True)
        for panel in panels:
            drawn = {"accuracy": panel.bars, "seeds": panel.by_seed, "context": panel.by_size, "loss": panel.curves}
            for kind, svg in drawn.items():
                if svg:
                    (out / "figures" / f"{kind}-{panel.anchor}.svg").write_text(svg, encoding="utf-8")
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise UserError(f"the report cannot be written to {out}: {error}") from None
    return path


def _panel(study: Study, rows: Sequence[AccuracyRow], dataset: str, model: str) -> Panel:
    title = f"{dataset} · {model}"
    arms = selected(study, rows, dataset, model)
    shown = [row for row in rows if row.arm in arms]
    answered = [arm for arm in arms if any(row.arm == arm for row in shown)]
    trained = set(study.training["condition_id"].unique().to_pylist())
    curves = [arm for arm in arms if any(seed.condition_id in trained for seed in study.seeds_of[arm])]
    seeds = max((len(row.by_seed) for row in shown), default=0)
    found = verdicts(study, rows, dataset, model)
    sizes = size_rows(study, [row for row in rows if (row.arm.dataset, row.arm.model) == (dataset, model)])
    return Panel(
        anchor=_slug(title),
        dataset=dataset,
        model=model,
        answer=answer(found),
        verdicts=found,
        bars=figures.accuracy_bars(shown, answered, title) if shown else "",
        by_seed=figures.accuracy_by_seed(shown, answered, title) if seeds > 1 else "",
        by_size=figures.accuracy_by_size(sizes, title) if sizes else "",
        curves=figures.learning_curves(study, curves, title) if curves else "",
        hidden=len(study.arms_of(dataset, model)) - len(arms),
        recall=RECALL if RECALL in study.splits_of(dataset) else "",
        seeds=seeds,
        samples=samples(study, answered),
    )


def _slug(title: str) -> str:
    """A file name and anchor: letters, digits, dashes, and a short digest, as distinct titles may share the rest."""
    return f"{re.sub(r'[^A-Za-z0-9]+', '-', title).strip('-')}-{hashlib.sha256(title.encode()).hexdigest()[:6]}"


def _costs(study: Study) -> list[ArmCost]:
    columns = ("seconds_augment", "seconds_fit", "seconds_score", "context_tokens", "training_tokens")
    costs = []
    for arm, seeds in study.seeds_of.items():
        done = [condition for condition in seeds if condition.status == "done"]
        if done:
            means = {column: float(np.mean([getattr(c, column) for c in done])) for column in columns}
            peak = max(c.peak_memory_mb for c in done)
            costs.append(ArmCost(arm=arm, finished=len(done), peak_memory_mb=peak, **means))
    return costs


def _failures(study: Study) -> list[Failure]:
    alike: dict[str, list[ConditionSummary]] = {}
    for condition in study.conditions:
        if condition.status == "failed":
            lines = condition.error.strip().splitlines() or ["no reason was recorded"]
            alike.setdefault(lines[-1], []).append(condition)  # a traceback's last line says what happened
    return [
        Failure(reason=reason, error=same[0].error, labels=[condition.label for condition in same])
        for reason, same in alike.items()
    ]


def _render(study: Study, rows: Sequence[AccuracyRow], panels: Sequence[Panel]) -> str:
    script = (_HERE / "script.js").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    environment.filters |= {
        "percent": percent, "interval": interval, "points": points, "duration": duration, "count": count,
        "memory": memory, "figure": _inline, "width": width,
    }  # fmt: skip
    inferences = inference_rows(study)
    models = {arm.model for arm in study.arms}
    return environment.get_template("template.html").render(
        study=study,
        rows=rows,
        panels=panels,
        costs=_costs(study),
        normalised=normalised_rows(study),
        doses=dose_rows(study),
        inferences=inferences,
        written=written_samples(study),
        labels=LABELS,
        sizes=size_rows(study, rows),
        orders=order_rows(study, rows),
        ways=[way for way in WAYS.values() if any(way in v.ways for panel in panels for v in panel.verdicts)],
        failures=_failures(study),
        tiny=_TINY in models,
        finished=sum(condition.status == "done" for condition in study.conditions),
        seeds=sorted({condition.seed for condition in study.conditions}),
        several_models=len(models) > 1,
        several_generators=len(models | {row.generator for row in inferences}) > 1,
        configuration=json.dumps(study.experiment["experiment"], indent=2, ensure_ascii=False),
        style=Markup((_HERE / "style.css").read_text(encoding="utf-8")),
        script=Markup(script),
        # The page runs this script and no other, and loads nothing, whatever text a model wrote into it.
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def _inline(svg: str, description: str) -> Markup:
    """A figure for the page, as wide as its place allows, described for those who cannot see it.

    Its texts are escaped already. On a narrow screen it scrolls sideways instead of becoming too small to read.
    """
    body, natural = svg[svg.index("<svg") :], width(svg)
    size = f"width: 100%; min-width: {natural:.0f}px; max-width: {1.75 * natural:.0f}px"
    return Markup(body.replace("<svg", f'<svg role="img" aria-label="{escape(description)}" style="{size}"', 1))


def width(svg: str) -> float:
    """A figure's width in points, 0 for none."""
    found = re.search(r'<svg[^>]* width="([\d.]+)pt"', svg)
    return float(found[1]) if found else 0.0


def duration(seconds: float) -> str:
    """``0.4 s``, ``42 s``, ``3 min 05 s``, ``2 h 07 min``; a dash for none."""
    if seconds <= 0:
        return "–"
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def count(number: float) -> str:
    """``64 000`` with narrow spaces; a dash for none."""
    return f"{number:,.0f}".replace(",", "\u202f") if number else "–"


def memory(megabytes: float) -> str:
    """``2.3 GB``; a dash for none."""
    if not megabytes:
        return "–"
    return f"{megabytes / 1024:.1f} GB" if megabytes >= 1024 else f"{megabytes:.0f} MB"
