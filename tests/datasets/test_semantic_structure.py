"""Semantic structure: the paper's numbers, one right answer each, and nothing asked that a sentence says."""

import itertools
import re
from collections import Counter, defaultdict
from pathlib import Path

import duckdb
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gensweep import datasets, experiment_file
from gensweep.augment import splitting
from gensweep.datasets import check, files, lexicon, semantic_structure
from gensweep.datasets.ontology import KIND_OF
from gensweep.datasets.semantic_wording import CONVERSES
from gensweep.errors import UserError
from gensweep.records import Dataset, Fact, Question
from gensweep.specs import SemanticStructure

PAPER = semantic_structure.build(SemanticStructure(), 0)
FACTS = {fact.id: fact for fact in PAPER.facts}
AXIOMS = [fact for fact in PAPER.facts if not fact.premises]
BEYOND = ("syllogism", "syllogism_chain", "category_holdout")
HELD_OUT = {question.group for question in PAPER.questions if question.split == "category_holdout"}


WORDS = frozenset(lexicon.benchmark_words())


def stems(sentence: str) -> list[str]:
    """The words, nonsense words without their endings."""
    return [stem(word) for word in re.findall(r"[a-z]+", sentence.lower())]


def stem(word: str) -> str:
    endings = ("", "s", "es", "ed", "ing", f"{word[-3:-2]}ed", f"{word[-4:-3]}ing")
    bare = [word.removesuffix(ending) for ending in endings if word.endswith(ending)]
    return next((form for form in bare if form in WORDS), word)


SENTENCES = [stems(sentence) for document in PAPER.documents for sentence in splitting.sentences(document.text)]


def test_the_defaults_are_the_papers_numbers() -> None:
    kinds = Counter(document.id.split("/")[0] for document in PAPER.documents)
    assert kinds.pop("questions_and_answers") == 220
    assert sum(kinds.values()) == 2200 and len(kinds) == 10 and set(kinds.values()) == {220}
    categories = {fact.subject for fact in AXIOMS} | {fact.object for fact in AXIOMS if fact.relation == KIND_OF}
    assert len(categories) == 110 and len(HELD_OUT) == 11
    splits = Counter(question.split for question in PAPER.questions)
    assert set(splits) == {"rephrase", "reversal", *BEYOND} and min(splits.values()) > 100
    assert {len(question.choices) for question in PAPER.questions} == {4}


def test_the_wordings_of_facts_are_those_in_which_documents_state_them() -> None:
    used: defaultdict[str, set[int]] = defaultdict(set)
    for document in PAPER.documents:
        text = document.text.lower()
        for fact in map(FACTS.get, document.fact_ids):
            said = [wording.lower().rstrip(".") for wording in (fact.text, *fact.wordings)]
            found = {number for number, wording in enumerate(said) if wording in text}
            assert found or any(FACTS[other].premises == (fact.id,) for other in document.fact_ids)  # said conversely
            used[fact.relation if fact.relation in CONVERSES or fact.premises else "verb"] |= found
    # as many as there are in plural, singular, formal and observed style; two more are the questions' alone
    assert {relation: len(numbers) for relation, numbers in used.items() if relation in (*CONVERSES, "verb")} == {
        "is a kind of": 11,
        "are": 10,
        "can": 10,
        "have": 10,
        "verb": 10,
    }


def test_articles_have_4_to_20_sentences() -> None:
    lengths = {len(splitting.sentences(d.text)) for d in PAPER.documents if not d.id.startswith("questions")}
    assert lengths == set(range(4, 21))


def test_every_document_names_both_ends_of_each_fact_in_one_sentence_or_question_and_answer() -> None:
    for document in PAPER.documents[:300]:
        sentences = [set(stems(sentence)) for sentence in splitting.sentences(document.text)]
        spans = [*sentences, *(first | second for first, second in itertools.pairwise(sentences))]
        for fact in (FACTS[identifier] for identifier in document.fact_ids):
            assert any({fact.subject, fact.object} <= span for span in spans), (document.id, fact.id)


def test_the_facts_are_stated_about_equally_often() -> None:
    stated = Counter(identifier for document in PAPER.documents for identifier in document.fact_ids)
    counts = [stated[fact.id] for fact in AXIOMS]
    assert min(counts) > 0.8 * sum(counts) / len(counts) and max(counts) < 1.2 * sum(counts) / len(counts)


def holds(subject: str, relation: str, value: str) -> bool:
    """Whether a walk up the stated hierarchy finds the fact: the closure worked out in another way."""
    steps = defaultdict(set)
    for fact in AXIOMS:
        steps[fact.subject, fact.relation].add(fact.object)
    if value in steps[subject, relation]:
        return True
    return any(holds(parent, relation, value) for parent in steps[subject, KIND_OF])


def forward(question: Question, choice: str) -> tuple[str, str, str]:
    """Subject, relation and object of what a question asserts with a choice."""
    target = FACTS[question.target_fact_id]
    said = stems(choice)[0]
    if question.split != "reversal":
        return target.subject, target.relation, said
    axiom = FACTS[target.premises[0]]
    return said, axiom.relation, axiom.object


@pytest.mark.parametrize("split", ["rephrase", "reversal", *BEYOND])
def test_exactly_one_choice_is_true_and_the_others_hold_for_something_else(split: str) -> None:
    elsewhere = {(fact.relation, fact.object) for fact in PAPER.facts}
    subjects = {(fact.subject, fact.relation) for fact in PAPER.facts}
    for question in [question for question in PAPER.questions if question.split == split][:40]:
        asserted = [forward(question, choice) for choice in question.choices]
        assert [holds(*triple) for triple in asserted] == [n == question.answer_index for n in range(4)], question.id
        if split == "reversal":
            assert {triple[:2] for triple in asserted} <= subjects
        else:
            assert {triple[1:] for triple in asserted} <= elsewhere


def test_no_sentence_names_both_ends_of_what_has_to_be_inferred() -> None:
    pairs = {frozenset(pair) for sentence in SENTENCES for pair in itertools.combinations(sentence, 2)}
    targets = [FACTS[question.target_fact_id] for question in PAPER.questions if question.split in BEYOND]
    assert not [fact.id for fact in targets if frozenset((fact.subject, fact.object)) in pairs]


def test_no_sentence_has_the_ends_of_a_reversal_in_the_order_asked_in_any_form() -> None:
    ordered = {pair for sentence in SENTENCES for pair in itertools.combinations(sentence, 2)}
    targets = [FACTS[question.target_fact_id] for question in PAPER.questions if question.split == "reversal"]
    assert targets and not [fact.id for fact in targets if (fact.subject, fact.object) in ordered]
    assert [fact.id for fact in targets if (fact.object, fact.subject) not in ordered] == []


@pytest.mark.parametrize("seed", [0, 21, 30])  # in the last two, chance alone would state a fact conversely each time
def test_what_is_asked_in_other_words_stands_in_that_order_however_few_and_short_the_documents(seed: int) -> None:
    spec = SemanticStructure(categories=10, documents=100, qa_documents=0, min_sentences=1, max_sentences=2)
    dataset = semantic_structure.build(spec, seed)
    sentences = [stems(text) for document in dataset.documents for text in splitting.sentences(document.text)]
    ordered = {pair for sentence in sentences for pair in itertools.combinations(sentence, 2)}
    facts = {fact.id: fact for fact in dataset.facts}
    asked = [facts[question.target_fact_id] for question in dataset.questions if question.split == "rephrase"]
    assert asked and not [fact.id for fact in asked if (fact.subject, fact.object) not in ordered]


def test_of_a_held_out_category_only_its_parent_is_stated() -> None:
    links = {fact.subject: fact for fact in AXIOMS if fact.subject in HELD_OUT}
    assert len(links) == len(HELD_OUT) and {fact.relation for fact in links.values()} == {KIND_OF}
    words_by_name: dict[str, set[str]] = {name: set() for name in HELD_OUT}
    nonsense = {end for fact in AXIOMS for end in (fact.subject, fact.object)}
    for sentence in SENTENCES:
        for name in HELD_OUT.intersection(sentence):
            words_by_name[name] |= nonsense.intersection(sentence)
    assert words_by_name == {name: {name, fact.object} for name, fact in links.items()}


def test_everything_that_can_be_inferred_of_held_out_categories_is_asked() -> None:
    inferable = {
        f.id for f in PAPER.facts if f.subject in HELD_OUT and f.premises and f.relation in {"are", "can", "have"}
    }
    asked = {question.target_fact_id for question in PAPER.questions if question.split == "category_holdout"}
    assert inferable <= asked


def test_hops() -> None:
    hops = defaultdict(set)
    for question in PAPER.questions:
        hops[question.split].add(len(question.fact_ids))
    assert hops["rephrase"] == hops["reversal"] == {1} and hops["syllogism"] == {2}
    assert min(hops["syllogism_chain"]) == 3 and max(hops["syllogism_chain"]) >= 5


def test_rephrased_facts_are_asked_in_words_that_no_document_has() -> None:
    text = "\n".join(document.text.lower() for document in PAPER.documents)
    prompts = {question.prompt for question in PAPER.questions if question.split == "rephrase"}
    assert {prompt.split()[0] for prompt in prompts} == {"Every", "If"}
    assert not re.search(r"\bevery\b|\bif something\b", text)


def test_word_statistics_are_at_chance_where_something_has_to_be_inferred() -> None:
    verdicts = {(g.split, g.guesser): g.verdict for g in check.guesses(PAPER) if g.split in BEYOND}
    assert len(verdicts) == 9 and set(verdicts.values()) == {"at"}


@settings(max_examples=8, deadline=None)
@given(
    categories=st.integers(12, 60),
    lengths=st.tuples(st.integers(1, 6), st.integers(0, 14)),
    seed=st.integers(0, 10**6),
)
def test_any_size_and_seed_passes_the_check_and_repeats_exactly(
    categories: int, lengths: tuple[int, int], seed: int
) -> None:
    spec = SemanticStructure(
        categories=categories, documents=350, qa_documents=20, min_sentences=lengths[0], max_sentences=sum(lengths)
    )
    dataset: Dataset = datasets.build(spec, seed)
    assert len(dataset.documents) == 370
    assert dataset == semantic_structure.build(spec, seed)


def test_a_world_larger_than_the_lexicon() -> None:
    spec = SemanticStructure(categories=400, documents=400, qa_documents=0, questions_per_split=50)
    assert len(datasets.build(spec, 1).questions) == 250


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"holdout": 0.001}, "holdout 0.001 of 110 categories leaves no question for the split category_holdout"),
        ({"holdout": 0.9}, "only .* have no kinds.* lower it"),
        ({"documents": 5, "qa_documents": 0}, "5 documents of 4 to 20 sentences state only .* raise documents"),
        ({"categories": 12, "choices": 30}, "12 categories leave no question of 30 choices"),
    ],
)
def test_settings_that_give_no_dataset(settings: dict[str, float], message: str) -> None:
    with pytest.raises(UserError, match=message):
        semantic_structure.build(SemanticStructure.model_validate(settings), 0)


def test_lengths_out_of_order() -> None:
    with pytest.raises(UserError, match="min_sentences 9 is more than max_sentences 8"):
        experiment_file.dataset_spec("semantic_structure", ["min_sentences=9", "max_sentences=8"])


def test_the_same_seed_gives_the_same_bytes_and_everyone_reads_them(tmp_path: Path) -> None:
    import datasets as hf_datasets  # slow to import

    spec = SemanticStructure(categories=20, documents=60, qa_documents=5)
    for name in ("one", "two"):
        files.write(datasets.build(spec, 3), tmp_path / name)
    for name in ("documents", "questions", "facts"):
        path = tmp_path / "one" / f"{name}.parquet"
        assert path.read_bytes() == (tmp_path / "two" / f"{name}.parquet").read_bytes()
        rows = len(pandas.read_parquet(path))
        assert duckdb.sql(f"SELECT count(*) FROM '{path}'").fetchall() == [(rows,)]
        loaded = hf_datasets.load_dataset("parquet", data_files=str(path), cache_dir=str(tmp_path / "cache"))
        assert loaded["train"].num_rows == rows > 0


def test_fact_texts_are_sentences_with_the_right_forms() -> None:
    verb = next(fact for fact in AXIOMS if fact.relation not in {KIND_OF, "are", "can", "have"})
    converse = next(fact for fact in PAPER.facts if fact.premises == (verb.id,) and fact.object == verb.subject)
    assert re.fullmatch(rf"{verb.subject}(s|es) {verb.relation} {verb.object}(s|es)\.", verb.text, re.IGNORECASE)
    passive = rf"{verb.object}(s|es) are {verb.relation}ed by {verb.subject}(s|es)\."
    assert re.fullmatch(passive, converse.text, re.IGNORECASE)


def test_seeds_differ() -> None:
    other: tuple[Fact, ...] = semantic_structure.build(SemanticStructure(), 1).facts
    assert PAPER.facts != other
