"""``filter: judge``: the generator is asked, statement by statement, whether it follows from what had been read.

    requests = judge.plan(documents, originals, dataset, settings, window)
    documents, rejections = judge.select(documents, requests, generations)

The evidence for a local statement is its source document, for a global one the corpus that was in context, which all
statements of a window share, so that it is read once.
"""

import dataclasses
import re
from collections.abc import Iterable, Sequence

from gensweep.augment.prompt_files import CORPUS, EVIDENCE
from gensweep.augment.request import Item, Window, framed_prompt, requests_for, strategy_of
from gensweep.augment.select import rejected
from gensweep.augment.wording import one_line
from gensweep.records import Dataset, Document, Generation, GenerationRequest, Rejection
from gensweep.specs import Augmentation

_ANSWER_TOKENS = 8
"""Room for "yes"; in a chat, where a model may think first, it has as much as for its inferences."""
_THINKING = re.compile(r"^\s*<think>.*?(?:</think>|\Z)", re.DOTALL)
_YES = re.compile(r"\W*yes\b", re.IGNORECASE)


def plan(
    documents: Sequence[Document],
    originals: Sequence[GenerationRequest],
    dataset: Dataset,
    settings: Augmentation,
    window: Window,
) -> list[GenerationRequest]:
    """One request per document, in order; ``originals`` are the requests that the documents were parsed from.

    Raises:
        UserError: a prompt file is wrong, or there is no chat template.
    """
    prompt = framed_prompt("judge", settings, window)
    calm = settings.model_copy(
        update={
            "samples": 1,
            "temperature": 0.0,
            "max_tokens": settings.max_tokens if settings.chat else _ANSWER_TOKENS,
        }
    )
    texts = {document.id: document.text for document in dataset.documents}
    frame = framed_prompt("global", settings, window).context if "global" in settings.strategies else CORPUS
    before, _, after = frame.partition(CORPUS)
    asked_by = {request.id: request for request in originals}
    requests: list[GenerationRequest] = []
    for document in documents:
        request = asked_by[document.id.rpartition("/")[0]]
        if strategy_of(request.id) == "global":
            evidence = request.context.removeprefix(before).removesuffix(after)
        else:
            evidence = one_line(texts[request.source_id][request.start : request.end])
        item = Item(
            source_id=document.source_id,
            context=prompt.context.replace(EVIDENCE, evidence),
            prompt=prompt.fill(one_line(document.text)),
            start=request.start,
            end=request.end,
        )
        requests += requests_for(item, prompt, calm, seed=0)
    return requests


def select(
    documents: Sequence[Document], requests: Sequence[GenerationRequest], generations: Iterable[Generation]
) -> tuple[list[Document], list[Rejection]]:
    """The documents that the model confirmed, in order, and the others; ``requests`` are those that ``plan`` made."""
    said = {generation.request_id: generation for generation in generations}
    kept: list[Document] = []
    rejections: list[Rejection] = []
    for document, request in zip(documents, requests, strict=True):
        verdict = said[request.id]
        if _YES.match(_THINKING.sub("", verdict.text)):
            kept.append(document)
        else:
            reason = rejected(document, "not confirmed")
            rejections.append(
                dataclasses.replace(reason, text=f"{document.text} [{verdict.error or verdict.text.strip()}]")
            )
    return kept, rejections
