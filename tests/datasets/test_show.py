"""What a dataset looks like at a glance, and its hierarchy as text and as SVG."""

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from gensweep.datasets import hierarchy, semantic_structure, show
from gensweep.errors import UserError
from gensweep.records import Dataset, Document, Fact, Question
from gensweep.specs import SemanticStructure
from tests.datasets.samples import SOUND

ZOO = Dataset(
    name="zoo",
    facts=(
        Fact(id="1", subject="bird", relation="is a kind of", object="animal"),
        Fact(id="2", subject="bird", relation="can", object="sing"),
        Fact(id="3", subject="fish", relation="is a kind of", object="animal"),
        Fact(id="4", subject="robin", relation="is a kind of", object="bird"),
        Fact(id="5", subject="robin", relation="can", object="sing", premises=("4", "2")),
    ),
    documents=(Document(id="d", text="Birds can sing.", fact_ids=("2",)),),
    questions=(
        Question(
            id="q",
            prompt="Robins can",
            choices=(" swim.", " sing."),
            answer_index=1,
            split="category_holdout",
            group="robin",
            fact_ids=("4", "2"),
            target_fact_id="5",
        ),
    ),
    instruction="Use it.",
)


def test_everything_stands_in_the_text() -> None:
    assert show.show(ZOO) == "\n".join(
        [
            "zoo",
            "5 facts: 4 given, 1 inferred; 1 stated",
            "1 documents, 1 questions: 1 category_holdout",
            "3 words; a document has 3 to 3, in the middle 3",
            "Use it.",
            "",
            "[d]",
            "Birds can sing.",
            "",
            "category_holdout: 1 questions in 1 groups",
            "  [q] Robins can",
            "     swim.",
            "  -> sing.",
            "",
            "animal",
            "├─ bird (can sing)",
            "│  └─ robin (held out)",
            "└─ fish",
        ]
    )


def test_lengths_in_tokens(tmp_path: Path) -> None:
    tokenizer = Tokenizer(models.WordLevel({"sing": 0, "?": 1}, unk_token="?"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")  # every letter a token
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    assert f"{len(' Birds can sing.')} tokens" in show.show(ZOO, str(tmp_path))
    with pytest.raises(UserError, match="there is no file"):
        show.show(ZOO, str(tmp_path / "nowhere"))


def test_a_dataset_without_hierarchy_has_no_tree() -> None:
    assert hierarchy.roots(SOUND) == [] and show.show(SOUND).endswith(" brighter than femp.")
    with pytest.raises(UserError, match="sample has no hierarchy to draw"):
        hierarchy.as_svg(SOUND)


def test_a_dataset_without_documents_and_questions() -> None:
    empty = Dataset(name="empty", facts=(), documents=(), questions=(), instruction="Nothing.")
    assert show.show(empty).startswith("empty\n0 facts")


def test_the_drawing_has_each_category_once_and_a_line_to_each_parent() -> None:
    world = semantic_structure.build(SemanticStructure(categories=30, documents=120, qa_documents=0), 0)
    root = ElementTree.fromstring(hierarchy.as_svg(world))
    labels = [element.text for element in root.findall("{*}text")][2:]
    links = {fact.subject: fact.object for fact in world.facts if fact.relation == "is a kind of" and not fact.premises}
    assert sorted(str(label).split(" (")[0] for label in labels) == sorted({*links, *links.values()})
    assert len(root.findall("{*}path")) == len(links) == 28
    tops = [float(element.attrib["y"]) for element in root.findall("{*}text")]
    assert len(set(tops)) == len(tops) and max(tops) < float(root.attrib["height"])


def test_the_tree_shows_each_category_below_its_parent() -> None:
    world = semantic_structure.build(SemanticStructure(categories=30, documents=120, qa_documents=0), 1)
    links = {fact.subject: fact.object for fact in world.facts if fact.relation == "is a kind of" and not fact.premises}
    path: list[str] = []
    for line in hierarchy.as_text(hierarchy.roots(world)).splitlines():
        depth = len(re.match(r"[ │├└─]*", line)[0]) // 3  # type: ignore[index]
        name = line[3 * depth :].split(" (")[0]
        path[depth:] = [name]
        assert links.get(name, "") == (path[depth - 1] if depth else "")


def wide(kinds: int, below: int) -> list[hierarchy.Node]:
    """A tree of ``kinds`` kinds with ``below`` kinds each."""

    def node(name: str, *sizes: int) -> hierarchy.Node:
        kinds = tuple(node(f"{name}.{n}", *sizes[1:]) for n in range(sizes[0])) if sizes else ()
        return hierarchy.Node(name=name, stated=(), kinds=kinds, held_out=False)

    return [node("root", kinds, below)]


def test_a_large_tree_shows_the_first_of_everything_and_counts_the_rest() -> None:
    assert [node.name for node in hierarchy.limited(wide(3, 0), 4)[0].kinds] == ["root.0", "root.1", "root.2"]
    lines = hierarchy.as_text(hierarchy.limited(wide(40, 5), 11)).splitlines()
    assert lines == [  # with 3 a category it would be 17
        "root",
        "├─ root.0",
        "│  ├─ root.0.0",
        "│  ├─ root.0.1",
        "│  └─ … and 3 more",
        "├─ root.1",
        "│  ├─ root.1.0",
        "│  ├─ root.1.1",
        "│  └─ … and 3 more",
        "└─ … and 38 more",
    ]


def test_a_hierarchy_of_any_size_fits_on_the_screen_and_into_a_drawing() -> None:
    facts = tuple(
        Fact(id=f"{n}", subject=f"c{n}", relation="is a kind of", object=f"c{(n - 1) // 6}" if n % 50 else f"r{n}")
        for n in range(1, 11_000)
    )
    large = Dataset(name="large", facts=facts, documents=(), questions=(), instruction="Use it.")
    text = show.show(large)
    assert 100 < text.count("\n") < 220 and "… and " in text
    drawing = ElementTree.fromstring(hierarchy.as_svg(large))
    labels = [str(element.text) for element in drawing.findall("{*}text")]
    assert labels[0].startswith(f"large: {len({f.subject for f in facts} | {f.object for f in facts})} categories")
    assert 100 < len(labels) <= 502


def test_long_texts_and_many_splits_are_shown_in_part() -> None:
    long = Document(id="long", text="word " * 2000)
    questions = [
        Question(id=f"{n}", prompt="a", choices=(" b", " c"), answer_index=0, split=f"s{n}", group="g")
        for n in range(30)
    ]
    text = show.show(Dataset(name="n", facts=(), documents=(long,), questions=tuple(questions), instruction="Use it."))
    assert "… and 8000 more characters" in text and "1 s19, and 10 more splits" in text
    assert "s19: 1 questions" in text and "s20: 1 questions" not in text


def test_a_hierarchy_of_any_depth_and_one_that_has_no_end() -> None:
    links = [("b", "a"), ("c", "b"), ("b", "c")]  # b is a kind of c, which is a kind of b
    facts = [Fact(id=f"{kind}{of}", subject=kind, relation="is a kind of", object=of) for kind, of in links]
    facts += [Fact(id=f"{n}", subject=f"n{n + 1}", relation="is a kind of", object=f"n{n}") for n in range(2000)]
    endless = Dataset(name="endless", facts=tuple(facts), documents=(), questions=(), instruction="Use it.")
    assert show.show(endless).count("… and 1 more") == 2
