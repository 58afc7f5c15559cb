"""What a model can read, known from its tokenizer and configuration: all that a plan of its work needs."""

from collections.abc import Sequence
from typing import Any

from gensweep.errors import UserError
from gensweep.models.tokens import TextEncoder
from gensweep.records import Question

Encoded = list[tuple[list[int], list[list[int]]]]
"""Per question the ids of its prompt and of each choice."""


class HFReader:
    """A model of transformers without its weights."""

    trainable = True

    def __init__(self, name: str, tokenizer: Any, window: int) -> None:
        """``window``: longest sequence in tokens that the model's positions allow."""
        self.name = name
        self.tokenizer = tokenizer
        self.window = window
        self._text = TextEncoder(tokenizer)

    def count_tokens(self, text: str) -> int:
        """Length of ``text`` in tokens, without special tokens."""
        return len(self._text.encode([text])[0])

    def chat(self, message: str) -> str | None:
        """``message`` as a user's turn in the chat template, up to the start of the reply; None without template."""
        return self._text.chat(message)

    def check(self, context: str, questions: Sequence[Question]) -> None:
        """Raises UserError where ``score`` would, without running the model; see ``LanguageModel.check``."""
        self._encode(context, questions)

    def _encode(self, context: str, questions: Sequence[Question]) -> tuple[list[int], Encoded]:
        """Ids of the context and of the questions. Raises UserError if they exceed the window or cannot be split."""
        start = self._text.context(context)
        encoded = self._text.questions(context, questions)
        for question, (prompt, choices) in zip(questions, encoded, strict=True):
            total = len(start) + len(prompt) + max(map(len, choices))
            if total > self.window:
                raise UserError(
                    f"question {question.id}: context ({len(start)} tokens), prompt and choice have {total} tokens but "
                    f"{self.name} reads {self.window}: take fewer documents with icl.subsample or "
                    "icl.max_context_tokens, or use a model with a longer window"
                )
        return start, encoded
