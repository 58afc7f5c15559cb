"""The learning modes: what each does to the model's weights and to its prompt before the same questions are asked."""

import bisect
import dataclasses
import functools
import resource
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from gensweep.augment.splitting import examples
from gensweep.config import Condition, Finetune, Icl
from gensweep.errors import UserError
from gensweep.models import hub
from gensweep.models.base import LanguageModel, Reader
from gensweep.prompting import arrange, chat_message, plain_context
from gensweep.records import Dataset, Document, Example, Question, Score, TrainStep

OnStep = Callable[[TrainStep, int], None]
"""Hears of each optimiser step, and of how many there will be."""
OnAnswer = Callable[[int], None]
"""Hears how many answers there are."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """One score per question and context, in order, and what they took.

    That is: wall time, and the most memory (resident, MiB) that a process which answered has ever held.
    """

    scores: tuple[Score, ...]
    seconds: float
    peak_memory_mb: float


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """The text that goes before every question, with its number of documents and of tokens."""

    text: str = ""
    documents: int = 0
    tokens: int = 0


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Learned:
    """A model that has met the documents, the contexts behind which it is asked, and how it was trained.

    All questions come behind the first context, then all behind the next; they hold the same documents in different
    orders. Several processes that trained a model together have ``answered`` with the weights that they held; then
    there is no ``model``, but a folder where they ``saved`` it if the weights are to be kept.
    """

    model: LanguageModel | None
    contexts: tuple[Context, ...] = (Context(),)
    steps: tuple[TrainStep, ...] = ()
    answered: Answers | None = None
    saved: Path | None = None

    def answer(self, questions: Sequence[Question], on_answer: OnAnswer) -> Answers:
        """The answers to the questions that the fine-tuning was told of, worked out here unless they are known."""
        if self.answered is not None:
            return self.answered
        assert self.model is not None, "who has no model has answered"
        started, scores = time.perf_counter(), []
        for ordering, context in enumerate(self.contexts):
            for score in self.model.score(context.text, questions):
                scores.append(dataclasses.replace(score, ordering=ordering))
                on_answer(len(scores))
        return Answers(
            scores=tuple(scores),
            seconds=time.perf_counter() - started,
            peak_memory_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        )


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Tuning:
    """A fine-tuning of the model of that name, and the questions that come after it."""

    model: str
    examples: tuple[Example, ...]
    config: Finetune
    seed: int
    questions: tuple[Question, ...]


Fit = Callable[[Tuning, OnStep], Learned]
"""Fine-tunes; where several processes do, they answer the questions too."""


@functools.lru_cache(maxsize=1)
def base_model(name: str) -> LanguageModel:
    """The model as published, kept in this process between conditions; nobody may change its weights."""
    return hub.load(name)


@functools.lru_cache(maxsize=8)
def reader(name: str) -> Reader:
    """What the model can read, without its weights."""
    return hub.reader(name)


def learn(
    condition: Condition,
    dataset: Dataset,
    documents: Sequence[Document],
    *,
    fit: Fit,
    on_step: OnStep,
) -> Learned:
    """Let the condition's model meet the documents, the dataset's and those inferred, in the condition's way."""
    if condition.mode == "finetune":
        assert condition.finetune is not None
        training = examples(documents, condition.splitting, mask_context=condition.finetune.mask_context)
        tuning = Tuning(
            model=condition.model,
            examples=tuple(training),
            config=condition.finetune,
            seed=condition.seed,
            questions=dataset.questions,
        )
        return fit(tuning, on_step)
    model = base_model(condition.model)
    if condition.mode == "pretrained":
        return Learned(model=model)
    assert condition.icl is not None
    contexts = icl_contexts(model, documents, dataset.instruction, condition.icl, condition.seed)
    return Learned(model=model, contexts=contexts)


def icl_contexts(
    model: Reader, documents: Sequence[Document], instruction: str, icl: Icl, seed: int
) -> tuple[Context, ...]:
    """The contexts of in-context learning, one for each order of the documents.

    Raises:
        UserError: a context is longer than ``icl.max_context_tokens``, and none or not even one document may be left
            out.
    """

    def made(most: int | None) -> tuple[Context, ...]:
        orders = arrange(documents, subsample=icl.subsample, seed=seed, orderings=icl.orderings, most=most)
        texts = [context_of(model, order, instruction) for order in orders]
        return tuple(
            Context(text=text, documents=len(order), tokens=model.count_tokens(text))
            for text, order in zip(texts, orders, strict=True)
        )

    contexts, limit = made(None), icl.max_context_tokens
    if limit is None or longest(contexts).tokens <= limit:
        return contexts
    documents_in, tokens = longest(contexts).documents, longest(contexts).tokens
    if icl.overflow == "error":
        raise UserError(
            f"icl.max_context_tokens is {limit}, but the context of {documents_in} documents has {tokens} tokens: "
            "raise it or icl.subsample, or leave documents out with icl.overflow: fewer_documents"
        )
    fitting = bisect.bisect_right(range(1, documents_in), limit, key=lambda most: longest(made(most)).tokens)
    if fitting == 0:
        raise UserError(f"icl.max_context_tokens is {limit}, but not even one document fits: raise it")
    return made(fitting)


def longest(contexts: Sequence[Context]) -> Context:
    """The context with the most tokens."""
    return max(contexts, key=lambda context: context.tokens)


def context_of(model: Reader, documents: Sequence[Document], instruction: str) -> str:
    """The prompt that holds the documents: in the model's chat template if it has one, else as plain text."""
    in_chat = model.chat(chat_message(documents, instruction))
    return plain_context(documents) if in_chat is None else in_chat
