"""A language model that knows nothing but is always the same: it draws all from a hash of its input."""

import random
from collections.abc import Iterator, Sequence

from gensweep.fingerprint import fingerprint
from gensweep.records import Generation, GenerationRequest, Question, Score
from gensweep.scoring import exact_match


class FakeModel:
    """Satisfies ``LanguageModel`` without torch; a token is a word. It has no weights, so it cannot be fine-tuned."""

    name = "builtin:fake"
    window = 1_000_000
    trainable = False

    def count_tokens(self, text: str) -> int:
        """Number of words."""
        return len(text.split())

    def chat(self, message: str) -> str | None:
        """None: no chat template."""
        return None

    def check(self, context: str, questions: Sequence[Question]) -> None:
        """Words never merge with what precedes them, and the window is as good as endless."""

    def score(self, context: str, questions: Sequence[Question]) -> Iterator[Score]:
        """Log-probabilities uniform in [-10, 0] per word, a function of context, prompt and choice."""
        return exact_match.scores(context, questions, choose=self._choices, write=self.generate)

    def _choices(self, context: str, questions: Sequence[Question]) -> Iterator[Score]:
        for question in questions:
            tokens = [max(1, self.count_tokens(choice)) for choice in question.choices]
            yield Score(
                question_id=question.id,
                choice_logprobs=tuple(
                    _logprob(context, question.prompt, choice, length)
                    for choice, length in zip(question.choices, tokens, strict=True)
                ),
                choice_tokens=tuple(tokens),
                choice_bytes=tuple(len(choice.encode()) for choice in question.choices),
                choice_unconditional_logprobs=tuple(
                    _logprob("", "", choice, length) for choice, length in zip(question.choices, tokens, strict=True)
                ),
            )

    def generate(self, requests: Sequence[GenerationRequest]) -> Iterator[Generation]:
        """Up to five sentences of words of the prompt, drawn by the request's content and seed, one a line."""
        for request in requests:
            source = (request.context + request.prompt).split() or ["nothing"]
            draw = random.Random(fingerprint([request.context, request.prompt, request.temperature, request.seed]))
            lines = [" ".join(draw.choices(source, k=draw.randint(3, 8))) + "." for _ in range(draw.randint(1, 5))]
            words = sum(len(line.split()) for line in lines)
            yield Generation(
                request_id=request.id,
                source_id=request.source_id,
                text="\n".join(lines),
                prompt_tokens=len(source),
                new_tokens=words,
                finish="stop",
            )


def _logprob(context: str, prompt: str, choice: str, tokens: int) -> float:
    return -10.0 * tokens * random.Random(fingerprint([context, prompt, choice])).random()
