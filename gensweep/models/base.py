"""What every stage sees of a language model."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from gensweep.records import Generation, GenerationRequest, Question, Score


class Reader(Protocol):
    """What a plan of a model's work needs: all but its weights."""

    name: str
    window: int
    """Longest sequence in tokens that the model's positions allow."""
    trainable: bool
    """Whether its weights are here, so that it can be fine-tuned."""

    def count_tokens(self, text: str) -> int:
        """Length of ``text`` in tokens, without special tokens."""
        ...

    def chat(self, message: str) -> str | None:
        """``message`` as a user's turn in the chat template, up to the start of the reply; None without template."""
        ...

    def check(self, context: str, questions: Sequence[Question]) -> None:
        """Raises UserError where ``score`` would, without running the model.

        That is: context, prompt and choice exceed ``window``, or a choice would merge with its prompt into one token,
        so that it cannot be scored apart.
        """
        ...


class LanguageModel(Reader, Protocol):
    """A pretrained, prompted or tuned model; the learning modes differ in nothing else than context and weights."""

    def score(self, context: str, questions: Sequence[Question]) -> Iterator[Score]:
        """One score per question, in order, each choice as a continuation of ``context + prompt``.

        Where a question has ``stop``, the score holds the model's own continuation instead. The context is read once
        for all questions. Raises UserError where ``check`` does.
        """
        ...

    def generate(self, requests: Sequence[GenerationRequest]) -> Iterator[Generation]:
        """One generation per request, in order of completion; a shared ``context`` is read once.

        A request that cannot be served yields ``finish="error"`` with the reason and does not stop the others.
        """
        ...
