"""Written answers: scores in the order of the questions, right up to white space, and never guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gensweep.errors import UserError
from gensweep.records import Generation, Question, Score
from gensweep.scoring import exact_match
from gensweep.scoring.predictions import predicted, split_accuracies
from gensweep.scoring.statistics import chance


def question(name: str, *choices: str, stop: tuple[str, ...] = ()) -> Question:
    return Question(id=name, prompt="p", choices=choices, answer_index=0, split="s", group="g", stop=stop)


def written(name: str, text: str) -> Score:
    return Score(
        question_id=name,
        choice_logprobs=(),
        choice_tokens=(),
        choice_bytes=(),
        choice_unconditional_logprobs=(),
        written=text,
    )


def chosen(name: str, *logprobs: float) -> Score:
    ones = (1,) * len(logprobs)
    return Score(
        question_id=name,
        choice_logprobs=logprobs,
        choice_tokens=ones,
        choice_bytes=ones,
        choice_unconditional_logprobs=logprobs,
    )


def generation(name: str, text: str, finish: str = "stop") -> Generation:
    return Generation(
        request_id=name, source_id="", text=text, prompt_tokens=1, new_tokens=1, finish=finish, error=finish
    )


@given(order=st.permutations(range(6)), kinds=st.lists(st.booleans(), min_size=6, max_size=6))
def test_scores_come_in_the_order_of_the_questions(order: list[int], kinds: list[bool]) -> None:
    """However the two kinds of questions are mixed, and in whatever order the texts are finished."""
    asked = [question(f"q{n}", " a", *([] if write else [" b"]), stop=(".",) * write) for n, write in enumerate(kinds)]

    def write(requests):  # type: ignore[no-untyped-def]
        assert {request.context for request in requests} <= {"context"}
        texts = {request.id: generation(request.id, f" text of {request.id}") for request in requests}
        return iter(texts[f"q{n}"] for n in order if f"q{n}" in texts)

    found = list(
        exact_match.scores(
            "context", asked, choose=lambda _, items: iter([chosen(q.id, -1.0, -2.0) for q in items]), write=write
        )
    )
    assert [score.question_id for score in found] == [item.id for item in asked]
    assert [score.written for score in found] == [f" text of q{n}" if write else None for n, write in enumerate(kinds)]


def test_white_space_around_the_answer_does_not_count_and_all_else_does() -> None:
    asked = question("q", " add(2, x)", stop=(".",))
    assert all(exact_match.matches(asked, text) for text in (" add(2, x)", "add(2, x)", "\n add(2, x) "))
    assert not any(exact_match.matches(asked, text) for text in ("", "add(2,x)", "add(2, x) and", "Add(2, x)"))


def test_a_written_answer_has_room_for_a_token_per_byte_and_a_stop_string() -> None:
    assert question("q", " é", stop=(".", "\n\n")).most_tokens == 3 + 2


def test_an_answer_that_could_not_be_written_is_named() -> None:
    asked = [question("q7", " a", stop=(".",))]
    with pytest.raises(UserError, match="question q7: its answer cannot be written: error"):
        list(
            exact_match.scores(
                "", asked, choose=lambda *_: iter(()), write=lambda _: iter([generation("q7", "", "error")])
            )
        )


def test_predictions_and_accuracies_of_both_kinds() -> None:
    asked = [question("a", " x", " y"), question("b", " x", stop=(".",))]
    scores = [chosen("a", -2.0, -1.0), written("b", " x"), chosen("a", -1.0, -2.0), written("b", " y")]
    assert [predicted(asked[n % 2], score) for n, score in enumerate(scores)] == [1, 0, 0, -1]
    assert split_accuracies(asked, scores) == {"s": 0.5}


def test_nobody_guesses_what_has_to_be_written() -> None:
    assert chance([0, 0]) == 0.0
    assert chance([0, 2]) == 0.25
    assert chance([4, 2]) == 0.375
