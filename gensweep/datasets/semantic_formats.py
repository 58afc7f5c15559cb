"""The kinds of document of a semantic structure: how statements are framed, marked and put in order.

A document is an opening, one line a fact, and sometimes a closing; each of them is one sentence (``asks`` formats have
two sentences a fact). What frames the statements names nothing of the world.
"""

import dataclasses
import itertools
import random
from collections.abc import Iterable, Sequence

from gensweep.datasets.features import LEAD_INS
from gensweep.datasets.semantic_wording import ASKED, STYLES, capitalised, converse_of, fields, template_key
from gensweep.records import Fact

_CONVERSE_SHARE = 0.3
_CLOSING_SHARE = 0.5


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """``lines`` are templates with the statement as ``{x}`` (capitalised: ``{X}``) and the question for it as ``{Q}``.

    ``markers`` go in turn before the lines; ``{n}`` counts them. With ``interleaves`` the lines come in their order and
    alternate between the subjects, else in a random order, and facts of one subject stay together.
    """

    name: str
    styles: tuple[str, ...]
    openings: tuple[str, ...] = ()
    closings: tuple[str, ...] = ()
    lines: tuple[str, ...] = ("{X}.",)
    markers: tuple[str, ...] = ("",)
    separator: str = " "
    interleaves: bool = False
    asks: bool = False

    def sizes(self, sentences: int, rng: random.Random) -> tuple[int, int]:
        """Numbers of facts and of frame sentences (opening, then closing) that make up ``sentences`` sentences."""
        if not self.openings:
            return sentences, 0
        each = 2 if self.asks else 1
        spared = 1 + (each == 1 and sentences > 2 and rng.random() < _CLOSING_SHARE)
        facts = max(1, (sentences - spared) // each)
        return facts, max(0, sentences - facts * each)


FORMATS = (
    Format(
        name="encyclopaedia",
        styles=("formal", "singular"),
        openings=(
            "This entry gives an overview.",
            "The following is established knowledge.",
            "In brief, this is known.",
        ),
        closings=("See also the other entries.", "This entry is revised from time to time."),
        lines=("{X}.", "{X}.", "As a rule, {x}.", "In addition, {x}."),
    ),
    Format(
        name="list",
        styles=("plural",),
        openings=("Here are some facts to keep in mind:", "What a beginner should know:", "A short list of truths:"),
        closings=("- More will be added when it is known.",),
        markers=("- ",),
        separator="\n",
    ),
    Format(
        name="dialogue",
        styles=("plural", "singular"),
        openings=("Ann: Let us see what you still know.", "Ann: Tell me something new."),
        closings=("Ann: Enough for today.", "Ann: That was a good talk."),
        lines=("{X}.", "I have heard that {x}.", "Did you know that {x}?", "Yes, and {x}.", "Well, {x}."),
        markers=("Ben: ", "Ann: "),
        separator="\n",
    ),
    Format(
        name="field_notes",
        styles=("observed",),
        openings=("Notes from the field, written at dawn.", "Field book, third day, clear sky."),
        closings=("Packed up when the light was gone.", "No more to be seen before dark."),
        lines=("{X}.", "Today {x}.", "Once more {x}.", "Close to the camp, {x}."),
        markers=("Note {n}: ",),
        separator="\n",
    ),
    Format(
        name="letter",
        styles=("observed", "plural"),
        openings=("Dear Ruth, you asked for news of my work.", "Dear Paul, here is what I promised to tell you."),
        closings=("Write soon, and keep well.", "With love to all of you, as ever."),
        lines=("{X}.", "You will like to hear that {x}.", "I can also tell you that {x}.", "By the way, {x}."),
    ),
    Format(
        name="faq",
        styles=("formal", "plural"),
        openings=("These are the questions that we get most often.", "Visitors ask, and we answer."),
        closings=("For anything else, please ask at the desk.", "We add to this page when you ask more."),
        lines=("{Q}?\n{X}.", "{Q}?\nThe answer is that {x}."),
        separator="\n",
        asks=True,
    ),
    Format(
        name="comparison",
        styles=("singular", "plural"),
        openings=("Several kinds are set side by side here.", "It is worth looking at these together."),
        closings=("So each has a character of its own.", "Such differences are easy to see."),
        lines=("{X}.", "Next to this, {x}.", "On the one hand, {x}.", "On the other hand, {x}."),
        interleaves=True,
    ),
    Format(
        name="news_item",
        styles=("formal", "plural"),
        openings=("A new survey was presented on Monday.", "The results of a long study are out."),
        closings=("The full report will follow in spring.", "More work is planned, the authors said."),
        lines=("{X}.", "Researchers report that {x}.", "According to the survey, {x}.", "It was confirmed that {x}."),
    ),
    Format(
        name="lesson",
        styles=("plural", "singular"),
        openings=(
            "Good morning, class, please take your seats.",
            "Today we go over what you will be asked in the test.",
        ),
        closings=("That is all for this lesson.", "Read it again at home, please."),
        lines=("Remember that {x}.", "Write down that {x}.", "Note that {x}.", "Who can tell me why {x}?", "{X}."),
    ),
    Format(
        name="label",
        styles=("singular",),
        openings=("HALL FOUR, THIRD GLASS CASE.", "PLEASE DO NOT TOUCH."),
        closings=("Gift of a friend of the museum.", "On loan until the end of the year."),
        separator="\n",
    ),
)
"""The kinds of article; each of them needs ``FEWEST_SENTENCES``."""

FEWEST_SENTENCES = 4
STATEMENT = Format(
    name="statement",
    styles=("plural", "singular", "formal", "observed"),
    lines=("{X}.", "{X}.", *(f"{lead_in} {{x}}{'?' if lead_in.startswith('Did') else '.'}" for lead_in in LEAD_INS)),
)
"""Stands in for the articles where they are asked to be shorter."""

QUESTIONS_AND_ANSWERS = Format(
    name="questions_and_answers",
    styles=("plural",),
    openings=("Answer the questions.", "Test what you know."),
    closings=("Well done!", "Keep on learning!"),
    lines=("Question: {Q}?\nAnswer: {X}.",),
    separator="\n",
    asks=True,
)


def write(
    kind: Format, facts: Sequence[Fact], frames: int, convertible: set[str], rng: random.Random
) -> tuple[str, list[str]]:
    """A document that states ``facts``, and the ids of those that it states in the converse direction.

    ``convertible`` are the ids of the facts that may be; ``frames`` is the number of frame sentences, 0 to 2.
    """
    said = [(fact, fact.id in convertible and rng.random() < _CONVERSE_SHARE) for fact in facts]
    if kind.interleaves:
        said = _alternating(said)
    templates = itertools.cycle(kind.lines if kind.interleaves else rng.sample(kind.lines, len(kind.lines)))
    lines = [
        marker.format(n=number) + line.format_map(_worded(fact, converse, kind, rng))
        for number, marker, line, (fact, converse) in zip(
            itertools.count(1), itertools.cycle(kind.markers), templates, said, strict=False
        )
    ]
    if frames > 0:
        lines.insert(0, rng.choice(kind.openings))
    if frames > 1:
        lines.append(rng.choice(kind.closings))
    return kind.separator.join(lines), [fact.id for fact, converse in said if converse]


def _alternating(said: Iterable[tuple[Fact, bool]]) -> list[tuple[Fact, bool]]:
    """One fact of each subject in turn."""
    groups = [list(group) for _, group in itertools.groupby(said, key=lambda item: item[0].subject)]
    return [item for turn in itertools.zip_longest(*groups) for item in turn if item is not None]


def _worded(fact: Fact, converse: bool, kind: Format, rng: random.Random) -> dict[str, str]:
    relation, style = fact.relation, rng.choice(kind.styles)
    ends = fields(fact.subject, relation, fact.object)
    if converse:
        relation, style = converse_of(relation), "converse"
    key = template_key(relation)
    statement = rng.choice(STYLES[style][key]).format_map(ends)
    question = rng.choice(ASKED[key]).format_map(ends) if kind.asks else ""
    return {"x": statement, "X": capitalised(statement), "Q": capitalised(question)}
