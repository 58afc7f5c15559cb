"""Long texts in parts, cut where a reader would pause."""

import itertools
import re
from collections.abc import Iterator

_CLOSED = r"(?<=[.!?…])[\"'”’)\]]*"
_WORD_END = re.compile(r"\s+")
_BORDERS = (
    re.compile(r"\n\s*\n"),
    re.compile(_CLOSED + r"\s*\n"),
    re.compile(_CLOSED + r"\s+|(?<=[。！？])"),  # the latter end sentences that no space follows
    re.compile(r"\n"),
    _WORD_END,
)
"""Ends of paragraphs, of lines that end a sentence, of sentences, lines (which a PDF has anywhere) and words."""


def spans(text: str, longest: int) -> list[tuple[int, int]]:
    """Where the parts of ``text`` begin and end, in characters, without the white space around them.

    A part has at most ``longest`` characters. It ends with the best border in its second half: that of a paragraph,
    else of a sentence, a line or a word; a word is cut only if it is longer than a part may be. Between the parts is
    nothing but white space.
    """
    cuts = [0, *_cuts(text, longest), len(text)]
    parts = []
    for start, end in itertools.pairwise(cuts):
        part = text[start:end]
        if part.strip():
            parts.append((start + len(part) - len(part.lstrip()), start + len(part.rstrip())))
    return parts


def _cuts(text: str, longest: int) -> Iterator[int]:
    start = 0
    while len(text) - start > longest:
        middle, end = start + longest // 2, start + longest
        places = [*((border, middle) for border in _BORDERS), (_WORD_END, start)]
        found = (_last_end(border, text, after, end) for border, after in places)
        start = next((place for place in found if place > start), end)
        yield start


def _last_end(border: re.Pattern[str], text: str, start: int, end: int) -> int:
    """Where the last of the borders between ``start`` and ``end`` ends; -1 if there is none."""
    return max((match.end() for match in border.finditer(text, start, end)), default=-1)
