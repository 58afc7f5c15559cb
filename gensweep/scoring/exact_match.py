"""Questions whose answer the model writes: greedy decoding up to a stop string, right if it equals the answer."""

from collections.abc import Callable, Iterator, Sequence

from gensweep.errors import UserError
from gensweep.records import Generation, GenerationRequest, Question, Score

Choose = Callable[[str, Sequence[Question]], Iterator[Score]]
"""``choose(context, questions)``: the scores of questions with choices."""
Write = Callable[[Sequence[GenerationRequest]], Iterator[Generation]]
"""``write(requests)``: one generation per request, in any order."""


def scores(context: str, questions: Sequence[Question], *, choose: Choose, write: Write) -> Iterator[Score]:
    """One score per question, in order: by ``write`` where the answer is to be written, else by ``choose``.

    Raises:
        UserError: an answer could not be written.
    """
    chosen = choose(context, [question for question in questions if not question.stop])
    written = _written(context, [question for question in questions if question.stop], write)
    for question in questions:
        yield next(written if question.stop else chosen)


def matches(question: Question, written: str) -> bool:
    """Whether the text that the model wrote is the right answer, but for white space around it."""
    return written.strip() == question.choices[question.answer_index].strip()


def _written(context: str, questions: Sequence[Question], write: Write) -> Iterator[Score]:
    generations = write([_request(context, question) for question in questions])
    done: dict[str, str] = {}
    for question in questions:
        while question.id not in done:
            generation = next(generations)
            if generation.finish == "error":
                raise UserError(f"question {generation.request_id}: its answer cannot be written: {generation.error}")
            done[generation.request_id] = generation.text
        yield Score(
            question_id=question.id,
            choice_logprobs=(),
            choice_tokens=(),
            choice_bytes=(),
            choice_unconditional_logprobs=(),
            written=done.pop(question.id),
        )


def _request(context: str, question: Question) -> GenerationRequest:
    return GenerationRequest(
        id=question.id,
        source_id="",
        context=context,
        prompt=question.prompt,
        max_tokens=question.most_tokens,
        temperature=0.0,
        stop=question.stop,
        seed=0,
    )
