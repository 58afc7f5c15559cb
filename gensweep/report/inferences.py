"""What the model wrote when it was asked what follows from the documents, and what the audit found in it."""

import dataclasses
from collections.abc import Sequence

from gensweep.records import AugmentationSummary
from gensweep.report.study import Study

LABELS = ("entailed", "contradicted", "unknown")
_SAMPLES = 3


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class InferenceRow:
    """One augmentation of a dataset by a generator, summed over its seeds.

    Shares are of the statements; ``shares`` (by label) is None where no world tells what is true, as of a user's own
    documents. Costs are per accepted statement, None if there is none. ``coverage`` has, by kind of inference, the
    share of the facts or questions that were written down.
    """

    generator: str
    dataset: str
    augmentation: str
    statements: int
    rejected: int
    shares: dict[str, float] | None
    duplicates: float
    leaks: float
    tokens_per_accepted: float | None
    seconds_per_accepted: float | None
    dollars: float
    coverage: dict[str, float]
    windows: tuple[str, ...]


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class WrittenSample:
    """A statement with its verdict; ``depth`` tells how many steps it is from the documents, -1 unless entailed."""

    dataset: str
    generator: str
    augmentation: str
    label: str
    depth: int
    text: str


def inference_rows(study: Study) -> list[InferenceRow]:
    """One row per augmentation of the study that any seed has finished."""
    alike: dict[tuple[str, str, str], list[AugmentationSummary]] = {}
    for item in study.augmentations:
        alike.setdefault((item.dataset, item.generator, item.augmentation), []).append(item)
    return [_row(seeds) for seeds in alike.values()]


def _row(seeds: Sequence[AugmentationSummary]) -> InferenceRow:
    first = seeds[0]
    statements, accepted = sum(item.statements for item in seeds), sum(item.accepted for item in seeds)
    count = max(1, statements)
    stated: dict[str, int] = {}
    total: dict[str, int] = {}
    for item in seeds:
        for kind, some, every in zip(item.kinds, item.stated, item.total, strict=True):
            stated[kind] = stated.get(kind, 0) + some
            total[kind] = total.get(kind, 0) + every
    return InferenceRow(
        generator=first.generator,
        dataset=first.dataset,
        augmentation=first.augmentation,
        statements=statements,
        rejected=sum(item.rejected for item in seeds),
        shares={label: sum(getattr(item, label) for item in seeds) / count for label in LABELS}
        if first.judged
        else None,
        duplicates=sum(item.duplicates for item in seeds) / count,
        leaks=sum(item.restates for item in seeds) / count,
        tokens_per_accepted=sum(item.tokens for item in seeds) / accepted if accepted else None,
        seconds_per_accepted=sum(item.seconds for item in seeds) / accepted if accepted else None,
        dollars=sum(item.dollars for item in seeds),
        coverage={kind: stated[kind] / total[kind] for kind in total if total[kind]},
        windows=tuple(dict.fromkeys(item.windows for item in seeds if item.windows)),
    )


def written_samples(study: Study) -> list[WrittenSample]:
    """The first statements of each label that an augmentation's lowest seed wrote and that are no duplicates."""
    seeds: dict[tuple[str, str, str], int] = {}
    counts: dict[tuple[str, str, str, str], int] = {}
    found = []
    columns = ("dataset", "generator", "augmentation", "seed", "label", "depth", "duplicate", "text")
    for dataset, generator, augmentation, seed, label, depth, duplicate, text in zip(
        *(study.statements[column].to_pylist() for column in columns), strict=True
    ):
        name = (dataset, generator, augmentation)
        seen = counts.get((*name, label), 0)
        if seed != seeds.setdefault(name, seed) or duplicate or seen == _SAMPLES:
            continue
        counts[*name, label] = seen + 1
        found.append(
            WrittenSample(
                dataset=dataset, generator=generator, augmentation=augmentation, label=label, depth=depth, text=text
            )
        )
    return sorted(
        found, key=lambda s: (list(seeds).index((s.dataset, s.generator, s.augmentation)), LABELS.index(s.label))
    )
