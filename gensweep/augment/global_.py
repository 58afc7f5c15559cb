"""Global augmentation: the model reads the training documents and writes inferences that link one of them to the rest.

A corpus longer than the model's window is shuffled and covered by overlapping windows, each half new and half shared
with the one before, as on a ring: every document is the target in about two windows, among different neighbours.
"""

import itertools
import math
import random
from collections.abc import Iterable

from gensweep.augment.prompt_files import CORPUS, Prompt
from gensweep.augment.request import Item, Window, framed_prompt, requests_for, strategy_of
from gensweep.augment.wording import one_line
from gensweep.errors import UserError
from gensweep.records import Dataset, Document, GenerationRequest
from gensweep.specs import Augmentation


def plan(dataset: Dataset, settings: Augmentation, seed: int, window: Window) -> list[GenerationRequest]:
    """Requests for each distinct document in each window that holds it, window by window.

    Raises:
        UserError: a prompt file is wrong, or a document fits the window not even alone.
    """
    prompt = framed_prompt("global", settings, window)
    distinct: dict[str, Document] = {}
    for document in dataset.documents:
        if line := one_line(document.text):
            distinct.setdefault(line, document)
    requests: list[GenerationRequest] = []
    for lines in _windows(distinct, prompt, settings, seed, window):
        context = prompt.context.replace(CORPUS, "\n".join(lines))
        for line in lines:
            document = distinct[line]
            item = Item(
                source_id=document.id, context=context, prompt=prompt.fill(line), start=0, end=len(document.text)
            )
            requests += requests_for(item, prompt, settings, seed)
    return requests


def describe(requests: Iterable[GenerationRequest]) -> str:
    """One line for the log: how many windows cover how many documents. Empty if no request is a global one."""
    targets: dict[str, set[str]] = {}
    for request in requests:
        if strategy_of(request.id) == "global":
            targets.setdefault(request.context, set()).add(request.source_id)
    if not targets:
        return ""
    sizes = [len(sources) for sources in targets.values()]
    documents = len(set.union(*targets.values()))
    if len(sizes) == 1:
        return f"global augmentation: all {documents} documents fit one window"
    return (
        f"global augmentation: {documents} documents exceed the generator's window,"
        f" so {len(sizes)} overlapping windows of {min(sizes)} to {max(sizes)} documents cover them"
    )


def _windows(
    distinct: dict[str, Document], prompt: Prompt, settings: Augmentation, seed: int, window: Window
) -> list[list[str]]:
    """The documents of each window: all of them in order if they fit, else seeded overlapping windows.

    Documents are counted one by one: tokenizers break at a line's end, so lines together are no longer than their sum.
    """
    tokens = {line: window.count_tokens(line + "\n") for line in distinct}
    targets = {line: window.count_tokens(prompt.fill(line)) for line in distinct}
    free = window.size - settings.max_tokens - window.count_tokens(prompt.context.replace(CORPUS, ""))
    for line, document in distinct.items():
        if (excess := tokens[line] + targets[line] - free) > 0:
            raise UserError(
                f"document {document.id} fits no window: in context and prompt, before {settings.max_tokens} new"
                f" tokens, it exceeds the generator's {window.size} tokens by {excess}: shorten the document,"
                " lower max_tokens or use strategy local"
            )
    # Every document must have room as a target, so the longest one decides.
    room = free - max(targets.values(), default=0)
    if sum(tokens.values()) <= room:
        return [list(distinct)] if distinct else []
    return _ring(tokens, room, random.Random(seed))


def _ring(tokens: dict[str, int], room: int, rng: random.Random) -> list[list[str]]:
    """Windows of at most ``room`` tokens over the shuffled lines; each begins half-way into the one before it.

    They are no larger than it takes to go round the ring twice in a whole number of windows.
    """
    total = sum(tokens.values())
    room = min(room, 2 * total // math.ceil(2 * total / room) + max(tokens.values()))
    order = sorted(tokens)
    rng.shuffle(order)
    windows: list[list[str]] = []
    start = 0
    while start < len(order):
        ends = itertools.accumulate(tokens[line] for line in order[start:] + order[:start])
        count = max(1, sum(1 for _ in itertools.takewhile(lambda end: end <= room, ends)))
        windows.append((order[start:] + order[:start])[:count])
        start += max(1, count // 2)
    return windows
