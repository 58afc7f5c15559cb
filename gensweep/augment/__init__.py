"""Augmentation: documents become prompts, a model's generations become more documents.

    requests = plan(dataset, settings, seed, window)
    statements, rejections = parse(requests, generations, dataset)
    documents, more_rejections = select(statements, dataset, settings)

What happens between the two first, and where, is the caller's affair. ``judge`` asks the model about each statement,
``audit`` compares them with the dataset's world, ``export`` writes them for others to use.
"""

from collections.abc import Callable

from gensweep.augment import global_, local
from gensweep.augment.parsing import parse
from gensweep.augment.request import Window, framed_prompt
from gensweep.augment.select import select
from gensweep.errors import UserError
from gensweep.records import Dataset, GenerationRequest
from gensweep.specs import Augmentation

__all__ = ["STRATEGIES", "Window", "parse", "plan", "select"]

Plan = Callable[[Dataset, Augmentation, int, Window], list[GenerationRequest]]
STRATEGIES: dict[str, Plan] = {"local": local.plan, "global": global_.plan}


def plan(dataset: Dataset, settings: Augmentation, seed: int, window: Window) -> list[GenerationRequest]:
    """The requests of every strategy in ``settings`` (none for ``none``), a deterministic list with distinct ids.

    Raises:
        UserError: a prompt file is wrong, a document exceeds the generator's window, it has no chat template, or
            ``filter: audit`` has no facts to compare with.
    """
    if settings.filter == "audit" and not dataset.facts:
        raise UserError(
            f"augmentation.filter audit compares with facts, and dataset {dataset.name} has none: set it to judge"
            " or none"
        )
    if settings.filter == "judge":
        framed_prompt("judge", settings, window)  # a wrong file is found before anything is generated
    return [request for name in settings.strategies for request in STRATEGIES[name](dataset, settings, seed, window)]
