"""The one exception for mistakes that a user can make and mend, and the hint that goes with a wrong name."""

import difflib
import traceback
from collections.abc import Iterable


class UserError(Exception):
    """One sentence that names the file or field and the fix; the command line prints it and exits with code 2."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`` (did you mean 'x'?)`` for the nearest of the known names; empty if none is near."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f" (did you mean {close[0]!r}?)" if close else ""


def description(error: Exception) -> str:
    """What to tell of an error that ended a part of the work: a UserError's sentence, all that is known of others."""
    return str(error) if isinstance(error, UserError) else "".join(traceback.format_exception(error))
