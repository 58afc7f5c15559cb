"""Generator of celebrities who never lived: names and descriptions are made up and each is used once."""

import itertools
import random

from gensweep.datasets import celebrity_wording as wording
from gensweep.datasets import lexicon
from gensweep.datasets.celebrities import SETS, Cast, Celebrity, Order, Sentence
from gensweep.datasets.tokens import token_count
from gensweep.errors import UserError
from gensweep.specs import ReversalCurse


def generate(spec: ReversalCurse, rng: random.Random) -> Cast:
    """``spec.celebrities`` people for each set, with 30 sentences to train on and 10 to ask for each order.

    With ``lexicon: nonsense`` names and titles of works are two nonsense words each; with ``plausible`` they are first
    names with made-up family names, and titles like "Copper Orchard".

    Raises:
        UserError: there are not enough words for so many people.
    """
    count = len(SETS) * spec.celebrities
    if spec.lexicon == "nonsense":
        tokens = token_count(spec.tokenizer)
        capitalised = (lambda word: tokens(word.capitalize())) if tokens else None
        drawn = lexicon.draw(4 * count, rng, capitalised, field="celebrities")
        words = [word.capitalize() for word in drawn]
        pairs = [" ".join(pair) for pair in zip(words[::2], words[1::2], strict=True)]
        names, titles = pairs[:count], pairs[count:]
    else:
        names, titles = _plausible(count, rng)
    deeds = rng.sample(wording.DEEDS, len(wording.DEEDS))
    people = [
        _celebrity(name, deed.format(title))
        for name, title, deed in zip(names, titles, itertools.cycle(deeds), strict=False)
    ]
    return {key: tuple(people[number :: len(SETS)]) for number, key in enumerate(SETS)}


def _plausible(count: int, rng: random.Random) -> tuple[list[str], list[str]]:
    """Names of which no two share the family name, and titles of which no two are the same."""
    if count > len(wording.FAMILY_NAMES):
        most = len(wording.FAMILY_NAMES) // len(SETS)
        raise UserError(
            f"reversal_curse: the plausible lexicon has names for {most} celebrities a set; lower celebrities"
        )
    families = rng.sample(wording.FAMILY_NAMES, count)
    firsts = itertools.cycle(rng.sample(wording.FIRST_NAMES, len(wording.FIRST_NAMES)))
    titles = rng.sample(list(itertools.product(wording.TITLE_ADJECTIVES, wording.TITLE_NOUNS)), count)
    return [f"{first} {family}" for first, family in zip(firsts, families, strict=False)], [" ".join(t) for t in titles]


def _celebrity(name: str, description: str) -> Celebrity:
    words = {"n": name, "d": description, "D": description[0].upper() + description[1:]}

    def sentences(order: Order, templates: tuple[str, ...]) -> list[Sentence]:
        parts = [(template, *template.format(**words).split("|")) for template in templates]
        return [Sentence(order=order, template=t, prompt=prompt, completion=end) for t, prompt, end in parts]

    return Celebrity(
        name=name,
        description=description,
        training=(
            *sentences("name", wording.NAME_FIRST),
            *sentences("description", wording.DESCRIPTION_FIRST),
        ),
        tests=(
            *sentences("name", wording.NAME_FIRST_TESTS),
            *sentences("description", wording.DESCRIPTION_FIRST_TESTS),
        ),
    )
