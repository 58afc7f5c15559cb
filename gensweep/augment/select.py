"""Which of the parsed statements become training documents: the settings' filter, and near-duplicates taken out."""

from collections.abc import Callable, Iterable, Sequence

from gensweep.augment.near_duplicates import Seen
from gensweep.augment.parsing import Reason
from gensweep.augment.propositions import readings
from gensweep.augment.splitting import sentences
from gensweep.augment.world import World
from gensweep.records import Dataset, Document, Rejection
from gensweep.specs import Augmentation


def select(
    documents: Sequence[Document], dataset: Dataset, settings: Augmentation
) -> tuple[list[Document], list[Rejection]]:
    """The documents that stay, in order, and the others with the reason.

    Where the dataset has no facts (own documents), near-duplicates of its sentences and of earlier statements go; the
    statements of a synthetic world are so short and alike that a reversal looks like one. ``filter: audit`` then keeps
    what the world entails. ``filter: judge`` needs the generator again: see ``judge``.
    """
    rejections: list[Rejection] = []
    kept = list(documents)
    if not dataset.facts:
        seen = Seen()
        for document in dataset.documents:
            for sentence in sentences(document.text):
                seen.add(sentence)
        kept = _divide(kept, lambda document: not seen.add(document.text), "near-duplicate", rejections)
    if settings.filter == "audit":
        world = World(dataset)
        kept = _divide(kept, lambda d: world.judge(readings(d.text))[0] == "entailed", "not entailed", rejections)
    return kept, rejections


def _divide(
    documents: Iterable[Document], stays: Callable[[Document], bool], reason: Reason, rejections: list[Rejection]
) -> list[Document]:
    """The documents that stay; the others go to ``rejections``."""
    kept: list[Document] = []
    for document in documents:
        if stays(document):
            kept.append(document)
        else:
            rejections.append(rejected(document, reason))
    return kept


def rejected(document: Document, reason: Reason) -> Rejection:
    """The parsed document as a rejection."""
    request_id = document.id.rpartition("/")[0]
    return Rejection(request_id=request_id, source_id=document.source_id, text=document.text, reason=reason)
