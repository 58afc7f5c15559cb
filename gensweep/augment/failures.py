"""A generation that failed is a row with its reason; many of them are a reason to stop early."""

from collections.abc import Sequence

from gensweep.errors import UserError

_ENOUGH = 16
"""Generations without which a share says nothing."""
_SAMPLES = 3


def check(done: int, reasons: Sequence[str], max_failures: float) -> None:
    """Call it as generations arrive: of ``done`` so far, those failed that ``reasons`` has a reason for.

    Raises:
        UserError: of at least 16 generations more than the share ``max_failures`` failed; it quotes three reasons.
    """
    if done < _ENOUGH or len(reasons) <= max_failures * done:
        return
    raise UserError(
        f"{len(reasons)} of the first {done} generations failed, more than augmentation.max_failures {max_failures:g}"
        " allows: " + "; ".join(list(dict.fromkeys(reasons))[:_SAMPLES])
    )
