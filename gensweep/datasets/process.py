"""Process knowledge: a transform of expressions with made-up rules, shown in worked applications.

A document works out the transform of one expression, part by part: "The glon of pow(x, 3) is mul(4, pow(x, 3)). So the
glon of sin(pow(x, 3)) is …". Some operations never stand directly inside some others there. The questions ask for the
transform of

- split ``rephrase``: an expression that a document works out;
- split ``new_expression``: another expression, with its operations combined as in documents;
- split ``rule_combination``: an expression with exactly one combination that no document has.

Wrong choices are near misses: one rule misapplied in one place. Rules and numbers are open in the paper; ours are in
``transform`` and in the settings. The right choice is the whole result up to the full stop; with ``answers:
exact_match`` the model writes it itself, and the same questions have no wrong choices.
"""

import dataclasses
import itertools
import random

from gensweep.datasets import lexicon
from gensweep.datasets.transform import (
    BINARY,
    OPERATIONS,
    Expression,
    call,
    draw_rules,
    near_misses,
    number,
    parts,
    power,
    transform,
)
from gensweep.errors import UserError
from gensweep.records import Dataset, Document, Fact, Question
from gensweep.specs import Process

_OPENINGS = (
    "Let us work out the {name} of {asked}.",
    "Here is how to find the {name} of {asked}, step by step.",
    "What is the {name} of {asked}? Start from the inside.",
    "Exercise: find the {name} of {asked}. Solution:",
    "To get the {name} of {asked}, go from its parts to the whole.",
)
_LEAF_VALUES = range(2, 21)
_WRONG_CHOICES = 3
_STOP = (".", "\n")
"""End a written result, which has no full stop in it."""
_TRIES = 1000
Combination = tuple[str, str]
"""An operation and one that stands directly inside it."""


def build(spec: Process, seed: int) -> Dataset:
    """Documents with every operation in turn, and ``questions_per_split`` questions for each split.

    Raises:
        UserError: there are not enough different expressions for so many questions.
    """
    world = _World(spec, random.Random(seed))
    held_out = sorted(world.held_out)
    roots = [OPERATIONS[n % len(OPERATIONS)] for n in range(max(spec.documents, spec.questions_per_split))]
    depths = [1 if n % 5 == 0 else 2 + n % (spec.depth - 1) for n in range(spec.documents)]
    shown = [world.draw(depth, root=root) for root, depth in zip(roots, depths, strict=False)]
    documents = [world.document(f"process-{n:04}", expression) for n, expression in enumerate(shown)]
    world.rng.shuffle(documents)
    distinct = list(dict.fromkeys(shown))
    count = spec.questions_per_split
    stated = world.rng.sample(distinct, min(count, len(distinct)))
    questions = [world.question(f"rephrase-{n:04}", expression) for n, expression in enumerate(stated)]
    for n in range(count):
        questions.append(world.question(f"new_expression-{n:04}", world.draw_new(spec.depth, root=roots[n])))
        questions.append(
            world.question(
                f"rule_combination-{n:04}", world.draw_new(spec.depth, combination=held_out[n % len(held_out)])
            )
        )
    if spec.answers == "exact_match":
        questions = [_to_write(question) for question in questions]
    return Dataset(
        name=spec.name,
        facts=tuple(world.facts.values()),
        documents=tuple(documents),
        questions=tuple(sorted(questions, key=lambda question: question.id)),
        instruction=(
            f"The texts above show how the {world.name} of an expression is found. "
            "Use them, and what follows from them, to continue the text below."
        ),
    )


def _to_write(question: Question) -> Question:
    """The question without wrong choices; the right one loses its full stop."""
    right = question.choices[question.answer_index].removesuffix(".")
    return dataclasses.replace(question, choices=(right,), answer_index=0, stop=_STOP)


def _held_out(count: int, rng: random.Random) -> frozenset[Combination]:
    """``count`` inner operations for each outer one, such that each is held out inside equally many."""
    outer, inner = rng.sample(OPERATIONS, len(OPERATIONS)), rng.sample(OPERATIONS, len(OPERATIONS))
    size = len(OPERATIONS)
    return frozenset((outer[n], inner[(n + step) % size]) for n in range(size) for step in range(count))


class _World:
    """The transform's name and rules, the combinations kept out of documents, and every fact that came up."""

    def __init__(self, spec: Process, rng: random.Random) -> None:
        self.rng = rng
        self.name = lexicon.draw(1, rng)[0]
        self.rules = draw_rules(rng)
        self.held_out = _held_out(spec.held_out, rng)
        self.facts = {
            (head := f"rule/{operation}"): Fact(
                id=head, subject=operation, relation="has", object=f"a rule for its {self.name}"
            )
            for operation in self.rules
        }
        self._used: set[Expression] = set()

    def draw(self, depth: int, *, root: str = "", combination: Combination | None = None) -> Expression:
        """``depth`` random operations with ``root`` outermost; of the held-out combinations just the given one."""
        while True:
            chain = self.rng.choices(OPERATIONS, k=depth)
            if root:
                chain[0] = root
            if combination:
                start = self.rng.randrange(depth - 1)
                chain[start : start + 2] = combination
            held = [pair for pair in itertools.pairwise(chain) if pair in self.held_out]
            if held == ([combination] if combination else []):
                return self._expression(chain)

    def draw_new(self, depth: int, *, root: str = "", combination: Combination | None = None) -> Expression:
        """The same, but no expression that a document or an earlier question has."""
        for _ in range(_TRIES):
            expression = self.draw(depth, root=root, combination=combination)
            if expression not in self._used:
                self._used.add(expression)
                return expression
        raise UserError(
            f"process: there are too few expressions of depth {depth} for the questions: lower questions_per_split "
            "or raise depth"
        )

    def _expression(self, chain: list[str]) -> Expression:
        expression = self._leaf()
        for operation in reversed(chain):
            operands = [expression, self._leaf()] if operation in BINARY else [expression]
            expression = call(operation, *self.rng.sample(operands, len(operands)))
        return expression

    def _leaf(self) -> Expression:
        return self.rng.choice((number, power))(self.rng.choice(_LEAF_VALUES))

    def document(self, identifier: str, expression: Expression) -> Document:
        """The worked application, which states the fact of each part and shows the rules in use."""
        steps = list(dict.fromkeys(part for _, part in parts(expression)))
        self._used.update(steps)
        opening = self.rng.choice(_OPENINGS).format(name=self.name, asked=expression)
        said = [self.fact(part).text for part in steps]
        last = said[-1][0].lower() + said[-1][1:]
        rules = dict.fromkeys(f"rule/{part.head}" for part in steps)
        return Document(
            id=identifier,
            text=" ".join([opening, *said[:-1], f"So {last}"]),
            fact_ids=(*rules, *(self.fact(part).id for part in steps)),
        )

    def fact(self, expression: Expression) -> Fact:
        """The fact of an expression; it follows from the rule and the facts of the operands."""
        identifier = f"{self.name}/{expression}"
        if identifier not in self.facts:
            premises = (f"rule/{expression.head}", *(self.fact(operand).id for operand in expression.operands))
            result = transform(expression, self.rules)
            self.facts[identifier] = Fact(
                id=identifier,
                subject=str(expression),
                relation=self.name,
                object=str(result),
                premises=premises,
                text=f"The {self.name} of {expression} is {result}.",
            )
        return self.facts[identifier]

    def question(self, identifier: str, expression: Expression) -> Question:
        """The right result against three near misses; grouped by the two outermost operations."""
        split = identifier.partition("-")[0]
        target = self.fact(expression)
        wrong = self.rng.sample(near_misses(expression, self.rules), _WRONG_CHOICES)
        choices = [f" {target.object}.", *(f" {result}." for result in wrong)]
        self.rng.shuffle(choices)
        rules = dict.fromkeys(f"rule/{part.head}" for _, part in parts(expression))
        inner = [operand.head for operand in expression.operands if operand.head in OPERATIONS]
        return Question(
            id=identifier,
            prompt=f"The {self.name} of {expression} is",
            choices=tuple(choices),
            answer_index=choices.index(f" {target.object}."),
            split=split,
            group=f"{split}/{'/'.join([expression.head, *inner])}",
            fact_ids=(target.id,) if split == "rephrase" else tuple(rules),
            target_fact_id=target.id,
        )
