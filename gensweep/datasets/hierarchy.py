"""The tree of categories that a dataset's documents tell, for those who want to see it: as text and as SVG."""

import bisect
import dataclasses
from collections import defaultdict
from collections.abc import Iterator, Sequence
from html import escape

from gensweep.datasets.ontology import KIND_OF
from gensweep.errors import UserError
from gensweep.records import Dataset

_ROW, _STEP, _LETTER, _MARGIN, _GAP = (
    18,
    110,
    6.6,
    24,
    10,
)  # px; a letter of the 12 px typeface is 6.6 px wide on average
_MOST_LINES, _MOST_ROWS, _DEEPEST = 200, 500, 50
_LINE, _TEXT, _FAINT, _HELD_OUT = "#8a8f98", "#1f2328", "#656d76", "#b35900"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """A category with what is stated of it besides its parent; ``held_out`` if questions of that split ask about it."""

    name: str
    stated: tuple[str, ...]
    kinds: tuple["Node", ...]
    held_out: bool


def roots(dataset: Dataset) -> list[Node]:
    """The trees of a dataset in the order of its facts; none if no fact says that something is a kind of another.

    They end 50 levels below their root; what is further below is counted as in ``limited``.
    """
    held_out = {question.group for question in dataset.questions if question.split == "category_holdout"}
    kinds: defaultdict[str, list[str]] = defaultdict(list)
    stated: defaultdict[str, list[str]] = defaultdict(list)
    below = set()
    for fact in dataset.facts:
        if fact.premises:
            continue
        if fact.relation == KIND_OF:
            kinds[fact.object].append(fact.subject)
            below.add(fact.subject)
        else:
            stated[fact.subject].append(f"{fact.relation} {fact.object}")

    def node(name: str, depth: int) -> Node:
        own = kinds[name]
        return Node(
            name=name,
            stated=tuple(stated[name]),
            kinds=_rest(own) if own and depth == _DEEPEST else tuple(node(kind, depth + 1) for kind in own),
            held_out=name in held_out,
        )

    return [node(name, 0) for name in list(kinds) if name not in below]


def limited(trees: Sequence[Node], most: int) -> tuple[Node, ...]:
    """The trees in about ``most`` nodes: of each category, and of the trees, the first few, everywhere equally many.

    Those left out are a last node such as ``… and 37 more``. One kind a category is the fewest.
    """
    widest = max([len(trees), *(len(node.kinds) for node in _nodes(trees))])
    sizes = bisect.bisect_right(range(1, widest + 1), most, key=lambda width: _count(_first(trees, width)))
    return _first(trees, max(1, sizes))


def _nodes(trees: Sequence[Node]) -> Iterator[Node]:
    for node in trees:
        yield node
        yield from _nodes(node.kinds)


def _count(trees: Sequence[Node]) -> int:
    return sum(1 for _ in _nodes(trees))


def _first(nodes: Sequence[Node], width: int) -> tuple[Node, ...]:
    shown = tuple(dataclasses.replace(node, kinds=_first(node.kinds, width)) for node in nodes[:width])
    if len(nodes) <= width:
        return shown
    return *shown, *_rest(nodes[width:])


def _rest(left_out: Sequence[object]) -> tuple[Node]:
    return (Node(name=f"… and {len(left_out)} more", stated=(), kinds=(), held_out=False),)


def as_text(trees: Sequence[Node]) -> str:
    """The trees with a line per category, about 200 lines at most (see ``limited``); a held-out one is marked."""
    return "\n".join(line for tree in limited(trees, _MOST_LINES) for line in _lines(tree, "", ""))


def _lines(node: Node, before: str, below: str) -> Iterator[str]:
    yield f"{before}{node.name}{_remark(node)}"
    for position, kind in enumerate(node.kinds):
        last = position == len(node.kinds) - 1
        yield from _lines(kind, f"{below}{'└─ ' if last else '├─ '}", f"{below}{'   ' if last else '│  '}")


def _remark(node: Node) -> str:
    said = [*node.stated, *(["held out"] if node.held_out else [])]
    return f" ({', '.join(said)})" if said else ""


def as_svg(dataset: Dataset) -> str:
    """The trees as an SVG drawing: a row per category, roots on the left, held-out ones in colour.

    It has about 500 rows at most, see ``limited``.

    Raises:
        UserError: the dataset has no hierarchy.
    """
    trees = roots(dataset)
    if not trees:
        raise UserError(f"the dataset {dataset.name} has no hierarchy to draw; leave out --plot")
    placed = list(_place(limited(trees, _MOST_ROWS), 0, 0))
    height = 2 * _MARGIN + _ROW * (len(placed) + 2)
    width = 2 * _MARGIN + max(
        depth * _STEP + len(node.name + _remark(node)) * _LETTER + _GAP for node, depth, _, _ in placed
    )
    body = "\n".join(part for node, depth, row, parent in placed for part in _drawn(node, depth, row, parent))
    caption = f"{dataset.name}: {_count(trees)} categories; in brackets what documents state of each besides its parent"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" width="{width:.0f}" '
        f'height="{height}" font-family="sans-serif" font-size="12">\n'
        f'<rect width="100%" height="100%" fill="#ffffff"/>\n'
        f'<text x="{_MARGIN}" y="{_MARGIN}" font-weight="bold" fill="{_TEXT}">{escape(caption)}</text>\n'
        f'<text x="{_MARGIN}" y="{_MARGIN + _ROW}" fill="{_HELD_OUT}">held out: only the parent is stated</text>\n'
        f"{body}\n</svg>\n"
    )


Place = tuple[Node, int, int, int]
"""A node with its depth, its row, and the row of its parent (-1 for a root)."""


def _place(nodes: Sequence[Node], depth: int, row: int, parent: int = -1) -> Iterator[Place]:
    for node in nodes:
        yield node, depth, row, parent
        below = list(_place(node.kinds, depth + 1, row + 1, row))
        yield from below
        row += 1 + len(below)


def _drawn(node: Node, depth: int, row: int, parent: int) -> Iterator[str]:
    left, top = _MARGIN + depth * _STEP, 2 * _MARGIN + _ROW * (row + 1)
    if parent >= 0:
        bend = left - _STEP + _GAP
        start = 2 * _MARGIN + _ROW * (parent + 1) + 4
        yield f'<path d="M{bend} {start}V{top - 4}H{left - 4}" fill="none" stroke="{_LINE}"/>'
    colour = _HELD_OUT if node.held_out else _TEXT
    weight = ' font-weight="bold"' if node.kinds else ""
    remark = f'<tspan fill="{_FAINT}" font-weight="normal">{escape(_remark(node))}</tspan>' if node.stated else ""
    yield f'<text x="{left}" y="{top}" fill="{colour}"{weight}>{escape(node.name)}{remark}</text>'
