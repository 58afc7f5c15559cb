"""The figures as SVG text: accuracy bars as in the paper, by seed, by context size; learning curves.

Equal input gives equal bytes.

Letters stay text (``svg.fonttype: none``), so that a figure can be searched, edited and styled by the page around it.
Ink is ``currentColor``: black where a figure stands alone, the page's text colour where it is inlined.
"""

import io
import re
import textwrap
from collections.abc import Sequence
from typing import Any, Literal

import matplotlib
import numpy as np
import pyarrow.compute as pc
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import PercentFormatter

from gensweep.report.arms import Arm, augmentation_rank
from gensweep.report.contexts import SizeRow
from gensweep.report.study import Study
from gensweep.report.tables import AccuracyRow

# Colours that stay apart under the common colour-vision deficiencies (grey, orange, blue of Okabe & Ito 2008,
# https://jfly.uni-koeln.de/color), one hue a learning mode, from light to dark over none, local, global, local+global
# and any further augmentation.
SHADES = {
    "pretrained": ("#9b9b9b", "#828282", "#6a6a6a", "#525252", "#3a3a3a"),
    "icl": ("#f0b13c", "#dc8f10", "#bd6f06", "#985406", "#743f08"),
    "finetune": ("#9fd0f0", "#4fa3d9", "#1f78b8", "#12568f", "#2b3f80"),
}
HATCHES = ("", "////", "....", "\\\\\\\\", "xxxx", "----", "||||", "++++")
_INK, _GROUND = "#010203", "#fdfcfb"  # stand for the text's colour and the background's: see _svg
_CHANCE: dict[str, Any] = {"color": _INK, "linestyle": (0, (4, 3)), "linewidth": 1.1, "zorder": 4}
_STYLE = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "text.parse_math": False,  # a dollar sign in a name is a dollar sign
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "hatch.linewidth": 0.6,
    "legend.frameon": False,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
} | dict.fromkeys(
    ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color", "hatch.color"), _INK
)


def colour(arm: Arm) -> str:
    """The same for a mode and augmentation in every figure."""
    return SHADES[arm.mode][augmentation_rank(arm)]


def accuracy_bars(rows: Sequence[AccuracyRow], arms: Sequence[Arm], title: str) -> str:
    """Splits on x, one bar per arm with its 95 % interval, dashed lines at chance; arms are told apart by legend."""
    splits = list(dict.fromkeys(row.split for row in rows))
    cells = {(row.arm, row.split): row for row in rows}
    width = 0.84 / len(arms)
    bars = len(splits) * len(arms)
    inches = min(13.0, max(5.6, 1.4 + 0.42 * bars))
    letter = 0.075  # inches a letter of the legend takes, roughly
    columns = max(1, min(len(arms) + 1, int(inches / (0.55 + letter * max(len(arm.label) for arm in arms)))))
    with matplotlib.rc_context(_STYLE | {"svg.hashsalt": title}):
        figure = Figure(figsize=(inches, 3.3 + 0.22 * -(-(len(arms) + 1) // columns)), layout="constrained")
        axes = figure.add_subplot()
        for place, arm in enumerate(arms):
            shown = [(x, cells[arm, split]) for x, split in enumerate(splits) if (arm, split) in cells]
            offset = (place - (len(arms) - 1) / 2) * width
            _bars(axes, [x + offset for x, _ in shown], [row for _, row in shown], arm, width, _hatch(arm, arms))
        for x, split in enumerate(splits):
            level = next(row.chance for row in rows if row.split == split)
            axes.plot([x - 0.47, x + 0.47], [level, level], **_CHANCE, label="chance" if x == 0 else None)
        if inches / bars > 0.36:
            _value_labels(axes, splits, arms, cells, width)
        _percent_axis(axes, "y")
        crowded = max(map(len, splits)) * 0.085 > inches / len(splits)
        axes.set_xticks(range(len(splits)), splits, rotation=20 if crowded else 0, ha="right" if crowded else "center")
        axes.set_xlim(-0.55, len(splits) - 0.45)
        axes.tick_params(axis="x", length=0)
        _legend(figure, title, columns)
        return _svg(figure)


def _bars(axes: Axes, places: list[float], rows: list[AccuracyRow], arm: Arm, width: float, hatch: str) -> None:
    estimates = [row.accuracy for row in rows]
    values = [estimate.value for estimate in estimates]
    errors = np.array([[e.value - e.low for e in estimates], [e.high - e.value for e in estimates]])
    axes.bar(
        places,
        values,
        width * 0.92,
        color=colour(arm),
        edgecolor=_INK,
        linewidth=0.5,
        hatch=hatch,
        label=arm.label,
        zorder=2,
    )
    _, caps, lines = axes.errorbar(
        places, values, errors, fmt="none", ecolor=_INK, elinewidth=1.1, capsize=2.5, capthick=1.1, zorder=5
    )
    for artist in (*caps, *lines):
        artist.set_path_effects([withStroke(linewidth=2.8, foreground=_GROUND)])


def _value_labels(
    axes: Axes, splits: Sequence[str], arms: Sequence[Arm], cells: dict[tuple[Arm, str], AccuracyRow], width: float
) -> None:
    for x, split in enumerate(splits):
        for place, arm in enumerate(arms):
            if (arm, split) in cells:
                estimate = cells[arm, split].accuracy
                centre = x + (place - (len(arms) - 1) / 2) * width
                axes.text(
                    centre, estimate.high + 0.012, f"{100 * estimate.value:.0f}", ha="center", va="bottom", size=8.5
                )


def _hatch(arm: Arm, arms: Sequence[Arm]) -> str:
    """Arms of one mode and augmentation share a colour; their order among themselves picks the hatch."""
    peers = [peer for peer in arms if (peer.mode, peer.augmentation) == (arm.mode, arm.augmentation)]
    return HATCHES[peers.index(arm) % len(HATCHES)]


def accuracy_by_seed(rows: Sequence[AccuracyRow], arms: Sequence[Arm], title: str) -> str:
    """One panel per split: a dot per seed, a bar over the 95 % interval of the mean, chance dashed."""
    splits = list(dict.fromkeys(row.split for row in rows))
    columns = min(len(splits), 4)
    lines = -(-len(splits) // columns)
    labels = [_wrap(arm.label, 34) for arm in arms]
    left = 0.5 + 0.075 * max(len(line) for label in labels for line in label.splitlines())
    tall = 0.3 if max(label.count("\n") for label in labels) == 0 else 0.48
    with matplotlib.rc_context(_STYLE | {"svg.hashsalt": f"{title} seeds"}):
        figure = Figure(figsize=(left + 2.0 * columns, (0.8 + tall * len(arms)) * lines), layout="constrained")
        panels = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False)
        for panel, split in zip(panels.flat, splits, strict=False):
            for row in (row for row in rows if row.split == split):
                y = arms.index(row.arm)
                panel.hlines(y, row.accuracy.low, row.accuracy.high, colors=_INK, linewidth=1.1, zorder=2)
                panel.plot(row.accuracy.value, y, "|", color=_INK, markersize=9, markeredgewidth=1.6, zorder=3)
                places = [share for _, share in row.by_seed]
                panel.plot(places, [y] * len(places), "o", color=colour(row.arm), markeredgecolor=_INK,
                           markeredgewidth=0.5, markersize=6, alpha=0.9, zorder=4)  # fmt: skip
            panel.axvline(next(r.chance for r in rows if r.split == split), **_CHANCE)
            panel.set_title(_wrap(split, 26), size=10, loc="left")
            _percent_axis(panel, "x")
        for panel in panels.flat[len(splits) :]:
            panel.set_visible(False)
        panels[0, 0].set_yticks(range(len(arms)), labels)
        panels[0, 0].set_ylim(len(arms) - 0.4, -0.6)
        return _svg(figure)


def accuracy_by_size(rows: Sequence[SizeRow], title: str) -> str:
    """One panel per split: accuracy with its 95 % interval over the tokens of the context, a line per augmentation."""
    splits = list(dict.fromkeys(item.row.split for item in rows))
    columns = min(len(splits), 4)
    lines = -(-len(splits) // columns)
    with matplotlib.rc_context(_STYLE | {"svg.hashsalt": f"{title} sizes"}):
        figure = Figure(figsize=(0.8 + 2.3 * columns, 0.6 + 2.2 * lines), layout="constrained")
        panels = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False)
        for panel, split in zip(panels.flat, splits, strict=False):
            shown = [item for item in rows if item.row.split == split]
            for augmentation in dict.fromkeys(item.row.arm.augmentation for item in shown):
                line = [item for item in shown if item.row.arm.augmentation == augmentation]
                estimates = [item.row.accuracy for item in line]
                errors = np.array([[e.value - e.low for e in estimates], [e.high - e.value for e in estimates]])
                label = "icl" if augmentation == "none" else f"icl + {augmentation}"
                panel.errorbar([item.tokens for item in line], [e.value for e in estimates], errors, fmt="o-",
                               color=colour(line[0].row.arm), ecolor=_INK, elinewidth=1.0, capsize=2.5,
                               markeredgecolor=_INK, markeredgewidth=0.5, label=label)  # fmt: skip
            panel.axhline(shown[0].row.chance, **_CHANCE)
            panel.set_title(_wrap(split, 26), size=10, loc="left")
            panel.set_xlim(left=0)
            panel.locator_params(axis="x", nbins=4)
            _percent_axis(panel, "y")
        for panel in panels.flat[len(splits) :]:
            panel.set_visible(False)
        if len({item.row.arm.augmentation for item in rows}) > 1:
            panels[0, 0].legend(fontsize=8.5)
        figure.supxlabel("tokens of the context", size=9)
        return _svg(figure)


def learning_curves(study: Study, arms: Sequence[Arm], title: str) -> str:
    """One panel per fine-tuned arm, one line per seed: loss in nats per target token over optimiser steps."""
    columns = min(len(arms), 4)
    lines = -(-len(arms) // columns)
    with matplotlib.rc_context(_STYLE | {"svg.hashsalt": f"{title} loss"}):
        figure = Figure(figsize=(0.6 + 1.75 * columns, 2.1 * lines), layout="constrained")
        panels = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False)
        for panel, arm in zip(panels.flat, arms, strict=False):
            for condition in study.seeds_of[arm]:
                steps = study.training.filter(pc.field("condition_id") == condition.condition_id).sort_by("step")
                panel.plot(
                    steps["step"].to_numpy(), steps["loss"].to_numpy(), color=colour(arm), linewidth=1.3, alpha=0.85
                )
            panel.set_title(_wrap(arm.label, 24), size=9, loc="left")
            panel.grid(axis="y", color=_INK, alpha=0.15, linewidth=0.6)
        for panel in panels.flat[len(arms) :]:
            panel.set_visible(False)
        figure.supxlabel("optimiser step", size=9)
        figure.supylabel("loss (nats per target token)", size=9)
        panels[0, 0].set_ylim(bottom=0)
        return _svg(figure)


def _percent_axis(axes: Axes, which: Literal["x", "y"]) -> None:
    axis = axes.yaxis if which == "y" else axes.xaxis
    axis.set_major_formatter(PercentFormatter(1.0))
    axis.set_ticks([0, 0.25, 0.5, 0.75, 1.0] if which == "y" else [0, 0.5, 1.0])
    axes.set_axisbelow(True)
    axes.grid(axis=which, color=_INK, alpha=0.15, linewidth=0.6)
    (axes.set_ylim if which == "y" else axes.set_xlim)(0, 1.04)


def _legend(figure: Figure, title: str, columns: int) -> None:
    """Above the bars, arms before chance."""
    handles, labels = figure.axes[0].get_legend_handles_labels()
    letters = int(figure.get_figwidth() / 0.085)
    order = sorted(range(len(labels)), key=lambda i: labels[i] == "chance")
    figure.legend(
        [handles[i] for i in order],
        [_wrap(labels[i], letters) for i in order],
        loc="outside upper left",
        ncols=columns,
        title=_wrap(title, letters),
        alignment="left",
        title_fontproperties={"weight": "bold", "size": 11},
        handlelength=1.4,
        handleheight=1.0,
        columnspacing=1.4,
        fontsize=9.5,
    )


def _wrap(text: str, letters: int) -> str:
    """At most three lines of so many letters; the page's tables have the whole name."""
    return "\n".join(textwrap.wrap(text, letters, max_lines=3, placeholder=" …"))


def _svg(figure: Figure) -> str:
    """SVG text without a date, the drawing program's name and element ids that nothing refers to."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg = re.sub(r'<g id="[^"]*"', "<g", buffer.getvalue())
    return svg.replace(_INK, "currentColor").replace(_GROUND, "var(--ground, #fff)")
