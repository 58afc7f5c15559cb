"""The training texts: what they may contain, and what follows from what."""

import itertools
import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping

import pytest

from gensweep.datasets.features import FEATURES
from gensweep.datasets.inflection import plural, third_person
from gensweep.datasets.lexicon import benchmark_words
from gensweep.models.tiny import curriculum, layouts
from gensweep.models.tiny.curriculum import WORLDS, Level, seen_words, texts, unseen_words

LEVEL = Level(
    steps=1, facts=8, documents=16, worlds=dict.fromkeys(WORLDS, 1.0), layouts=dict.fromkeys(layouts.LAYOUTS, 1.0)
)


def sample(count: int, seed: int = 0) -> list[str]:
    generated = itertools.islice(texts(LEVEL, random.Random(seed)), count)
    return ["".join(segment.text for segment in segments) for segments in generated]


def test_words_of_training_probes_and_benchmarks_are_disjoint() -> None:
    seen, unseen, benchmark = set(seen_words()), set(unseen_words()), set(benchmark_words())
    assert not seen & unseen and not seen & benchmark and not unseen & benchmark
    assert len(unseen) == 300


def test_no_text_has_a_benchmark_or_probe_word() -> None:
    forbidden = {*benchmark_words(), *unseen_words()}
    for text in sample(1500):
        assert not forbidden & set(re.findall(r"[a-z]+", text.lower()))


def test_the_same_seed_gives_the_same_texts() -> None:
    assert sample(50, seed=3) == sample(50, seed=3) != sample(50, seed=4)


@pytest.mark.parametrize("world", WORLDS)
def test_entities_of_a_world_are_all_different(world: str) -> None:
    items = WORLDS[world](seen_words(), 12, random.Random(1))
    starts = [item.alone[0] for item in items]
    assert len(set(starts)) == len(starts)


def test_what_a_comparison_implies_names_the_opposite_feature_and_swaps_the_ends() -> None:
    opposite = {f.comparative: f.opposite for f in FEATURES} | {f.opposite: f.comparative for f in FEATURES}
    for item in WORLDS["comparisons"](seen_words(), 50, random.Random(2)):
        stated, converse = (re.fullmatch(r"(\w+) are (.+) than (\w+)\.", text) for text in item.alone)
        assert stated and converse
        assert converse.groups() == (stated[3], opposite[stated[2]], stated[1])
        for head, tail in item.documents:
            assert head.lower().endswith(f"{stated[1]} are") and tail[:-1] == f" {stated[2]} than {stated[3]}"


def test_a_statement_without_context_is_never_followed_by_its_converse() -> None:
    """Each text of layout ``statement`` says one thing of entities that no other text says anything of."""
    rng = random.Random(5)
    for _ in range(300):
        world = WORLDS["comparisons"](seen_words(), 1, rng)
        (text, weight, _), *more = layouts.statement(world, 1, rng)
        assert not more and weight == layouts.STATEMENT_WEIGHT
        assert text.count(" than ") == 1


def test_only_answers_and_repetitions_carry_loss_in_context() -> None:
    world = WORLDS["comparisons"](seen_words(), 4, random.Random(6))
    segments = layouts.in_context(world, 2, random.Random(6))
    answers = [text for text, weight, _ in segments if weight == 1.0]
    repeated = [text for text, weight, _ in segments if weight == layouts.REPEAT_WEIGHT]
    assert len(repeated) == 4
    assert {item.questions[0][1] for item in world} <= set(answers)
    assert all(text.startswith(" ") for text in answers)


def test_levels_bound_the_number_of_documents() -> None:
    level = Level(steps=1, facts=4, documents=4, worlds={"comparisons": 1.0}, layouts={"in_context": 1.0})
    for segments in itertools.islice(curriculum.texts(level, random.Random(0)), 100):
        context = "".join(segment.text for segment in segments).partition("\n\n")[0]
        assert 1 <= len(context.splitlines()) <= 4


def test_a_category_of_an_ontology_inherits_what_is_said_of_those_above_it() -> None:
    """``Femps can glon.`` is implied where the same is said of a category above: ``A drerd can glon.``"""
    rng, own = random.Random(7), set[int]()
    for _ in range(30):
        items = WORLDS["ontologies"](seen_words(), 14, rng)
        said = {item.alone[0].removeprefix("A ") for item in items}
        parent = dict(text.removesuffix(".").split(" is a kind of ") for text in said if " is a kind of " in text)
        one = {plural(kind).capitalize(): kind for kind in parent}
        for item in items:
            for implied in item.linked:
                kinds, rest = in_the_singular(implied)
                assert any(f"{up} {rest}" in said for up in above(one[kinds], parent)), implied
        own |= {sum(text.startswith(f"{kind} ") for text in said) - 1 for kind in parent}
    assert own == {1, 2, 3, 4}


def in_the_singular(sentence: str) -> tuple[str, str]:
    """``Femps are old.`` as its subject, as it is, and what is said of one: ``Femps`` and ``is old.``"""
    subject, verb, rest = sentence.split(" ", 2)
    of_one = {"are": "is", "can": "can", "have": "has"}.get(verb) or third_person(verb)
    return subject, f"{of_one} {rest}"


def above(kind: str, parent: Mapping[str, str]) -> Iterator[str]:
    while kind in parent:
        kind = parent[kind]
        yield kind


def test_a_long_target_document_states_up_to_three_facts_and_all_of_them_are_taken_up() -> None:
    rng, counts = random.Random(8), set[int]()
    for _ in range(20):
        world = WORLDS["ontologies"](seen_words(), 10, rng)
        text = "".join(part.text for part in layouts.in_long_documents(world, 1, rng))
        for target, inferences in re.findall(r"Document: (.+)\nInferences:\n((?:- .+\n)+)\n", text):
            told = [item for item in world if any("".join(line).lower() in target.lower() for line in item.documents)]
            assert all(item.alone[1] in inferences for item in told)
            counts.add(len(re.findall(r"[.?](?: |$)", target)))
    assert counts == {1, 2, 3}


def test_a_step_says_what_another_item_says_and_then_what_follows() -> None:
    """Behind "Femps are a kind of glon." the steps are "Glons can yomp.", then "Femps can yomp.", and so on."""
    rng, steps = random.Random(9), 0
    for _ in range(30):
        items = WORLDS["two_way_ontologies"](seen_words(), 14, rng)
        said = {item.alone[0] for item in items}
        for item in items:
            kind, is_kind, up = item.alone[0].removeprefix("A ").removesuffix(".").partition(" is a kind of ")
            if not is_kind:
                assert not item.steps
                continue
            parent, kinds = plural(up).capitalize(), plural(kind).capitalize()
            told = {in_the_singular(other) for other, _ in item.steps}
            assert {(parent, text.removeprefix(f"A {up} ")) for text in said if text.startswith(f"A {up} ")} == told
            assert all(follows == kinds + other.removeprefix(parent) for other, follows in item.steps)
            steps += len(item.steps)
    assert steps > 100


def test_a_document_of_a_two_way_ontology_names_the_object_first_now_and_then() -> None:
    rng, first = random.Random(10), Counter[bool]()
    for item in WORLDS["two_way_ontologies"](seen_words(), 200, rng):
        kind, is_kind, up = item.alone[0].removeprefix("A ").removesuffix(".").partition(" is a kind of ")
        for document in item.documents if is_kind else ():
            text = "".join(document).lower()
            first[text.index(up) < text.index(kind)] += 1
    assert 0.08 < first[True] / first.total() < 0.25  # one style of six


def test_steps_stand_behind_what_follows_from_the_target_alone() -> None:
    world = WORLDS["two_way_ontologies"](seen_words(), 10, random.Random(8))
    text = "".join(part.text for part in layouts.in_steps(world, 1, random.Random(8)))
    targets = text.split("\n\nDocument: ")[1:]
    taken_up = 0
    for item in world:
        lines = [f"- {statement}" for statement in (*item.alone, *itertools.chain(*item.steps))]
        taken_up += any(all(line in target for line in lines) for target in targets)
    assert taken_up == min(len(world), 12)


@pytest.mark.parametrize(("world", "joined_in_the_middle"), [("families", False), ("lineages", True)])
def test_a_question_names_the_category_that_joins_its_two_sentences(world: str, joined_in_the_middle: bool) -> None:
    """``Femps can`` is found through the glon: femps are a kind of glon, and glons can yomp.

    In ``lineages`` the glon, too, is often a kind of something; in ``families`` never.
    """
    rng, asked, own, in_the_middle = random.Random(11), 0, set[bool](), 0
    for _ in range(30):
        items = WORLDS[world](seen_words(), 16, rng)
        said = {item.alone[0] for item in items}
        words = {text.split()[1] for text in said}
        for item in items:
            if item.via:
                kinds, rest = in_the_singular("".join(item.questions[0]))
                (kind,) = (word for word in words if plural(word).capitalize() == kinds)
                assert {f"A {kind} is a kind of {item.via}.", f"A {item.via} {rest}"} <= said
                own.add(any(text.startswith(f"A {kind} ") and " kind of " not in text for text in said))
                in_the_middle += any(text.startswith(f"A {item.via} is a kind of ") for text in said)
                asked += 1
    assert asked > 100 and own == ({True} if joined_in_the_middle else {True, False})
    assert in_the_middle > asked / 3 if joined_in_the_middle else in_the_middle == 0
