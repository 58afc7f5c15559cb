"""Questions on a user's documents as a model drafts them, for the user to correct before a study.

    tasks = plan(documents)
    generations = model.generate([task.request for task in tasks])
    drafts, rejections = parse(tasks, generations, documents)
    write(drafts, path)  # a questions file that the dataset ``documents`` reads

A task asks for questions of one kind on a passage: ``rephrase`` (what the passage says, in other words), ``reversal``
(the same asked from its other end), or ``link`` (what only two passages together tell). A draft is taken only if it
quotes the passage, so that everyone can look up where it comes from.
"""

import dataclasses
import itertools
import json
import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from gensweep.datasets import chunks
from gensweep.datasets.text_index import words
from gensweep.errors import UserError
from gensweep.records import Document, Generation, GenerationRequest, Question, Rejection

_PASSAGE = 3000
"""Most characters of a passage: two of them and the drafts fit into the shortest windows in use, 2048 tokens."""
_MAX_TOKENS = 400
_RARE = 8
"""Two documents are linked by words that at most this many documents have."""
_MOST_WRONG = 3
_SHORTEST_QUOTE = 2  # words
_ASKED = {
    "rephrase": "Write three questions on the text that ask what it says in other words than its own.",
    "reversal": "Write three questions on the text that name what a sentence says last and ask for what it says first.",
    "link": "Write two questions that can only be answered with both texts together.",
}
_FORM = """Answer each from the text alone, add three wrong answers of the same kind, and copy the words of the text \
that give the answer{both}. Use exactly this form:

Question: Who built the mill at the mouth of the Aar?
Answer: Ada Brandt
Wrong: Jon Frei | the miners of Ostrov | Carl Lindgren
Source: The mill at the mouth of the Aar was built in 1871 by Ada Brandt
"""
_FIELD = re.compile(r"^[\s*#>-]*(question|answer|wrong|source)s?\s*\d*\s*[:.]\**\s*(.*)$", re.IGNORECASE)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """The characters ``start`` to ``end`` of a document."""

    document_id: str
    start: int
    end: int


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """One request with what it is about: a passage, or for ``link`` two of different documents."""

    request: GenerationRequest
    kind: str
    passages: tuple[Span, ...]


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A question with the places of the documents that it quotes; the answer of a link is quoted from both."""

    question: Question
    sources: tuple[Span, ...]


def plan(documents: Sequence[Document]) -> list[Task]:
    """The tasks for each document: two kinds for each of its passages, and one for its nearest other document."""
    texts = {document.id: document.text for document in documents}
    passages = {document.id: _passages(document) for document in documents}
    tasks = [
        _task(kind, (passage,), texts)
        for document in documents
        for passage in passages[document.id]
        for kind in ("rephrase", "reversal")
    ]
    pairs = [(passages[one][0], passages[two][0]) for one, two in _linked(documents)]
    return tasks + [_task("link", pair, texts) for pair in pairs]


def _passages(document: Document) -> list[Span]:
    """The document in parts of at most ``_PASSAGE`` characters."""
    return [Span(document_id=document.id, start=a, end=b) for a, b in chunks.spans(document.text, _PASSAGE)]


def _linked(documents: Sequence[Document]) -> list[tuple[str, str]]:
    """Each document with the one that shares the most rare words with it, every pair once."""
    holders: defaultdict[str, list[str]] = defaultdict(list)
    for document in documents:
        for word in dict.fromkeys(words(document.text)):
            holders[word].append(document.id)
    weights: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for ids in holders.values():
        if 2 <= len(ids) <= _RARE:
            for one, two in itertools.permutations(ids, 2):
                weights[one][two] += math.log((len(documents) + 1) / len(ids))  # type: ignore[assignment]
    order = {document.id: number for number, document in enumerate(documents)}
    pairs = (sorted((one, shared.most_common(1)[0][0]), key=order.__getitem__) for one, shared in weights.items())
    return sorted({(one, two) for one, two in pairs}, key=lambda pair: (order[pair[0]], order[pair[1]]))


def _task(kind: str, passages: tuple[Span, ...], texts: dict[str, str]) -> Task:
    shown = "\n\n".join(f"Text:\n{texts[span.document_id][span.start : span.end].strip()}" for span in passages)
    form = _FORM.format(both=", in one Source line for each text" if len(passages) > 1 else "")
    first = passages[0]
    name = "+".join(f"{span.document_id}@{span.start}" for span in passages)
    request = GenerationRequest(
        id=f"draft-{kind}/{name}",
        source_id=first.document_id,
        context="",
        prompt=f"{_ASKED[kind]} {form}\n{shown}\n\nQuestion:",
        max_tokens=_MAX_TOKENS,
        temperature=0.0,
        stop=("\nText:",),
        seed=0,
        start=first.start,
        end=first.end,
    )
    return Task(request=request, kind=kind, passages=passages)


def parse(
    tasks: Sequence[Task], generations: Iterable[Generation], documents: Iterable[Document]
) -> tuple[list[Draft], list[Rejection]]:
    """The drafts in order of the tasks, and what was not taken, with the reason.

    Raises KeyError if a task has no generation.
    """
    texts = {document.id: document.text for document in documents}
    by_request = {generation.request_id: generation for generation in generations}
    drafts: list[Draft] = []
    rejections: list[Rejection] = []
    asked: set[str] = set()
    for task in tasks:
        generation = by_request[task.request.id]
        for number, block in enumerate(_blocks(generation)):
            draft = _draft(task, number, block, texts) if generation.finish != "error" else generation.error
            if isinstance(draft, Draft) and draft.question.prompt in asked:
                draft = "asked before"
            if isinstance(draft, Draft):
                drafts.append(draft)
                asked.add(draft.question.prompt)
            else:
                rejections.append(
                    Rejection(
                        request_id=task.request.id,
                        source_id=task.request.source_id,
                        text="\n".join(f"{field}: {value}" for field, value in block),
                        reason=draft,
                    )
                )
    return drafts, rejections


Block = list[tuple[str, str]]
"""The fields of one question as they were written: (question | answer | wrong | source, value)."""


def _blocks(generation: Generation) -> Iterator[Block]:
    """The generation cut before each question; it continues a prompt that ends with the first ``Question:``."""
    text = (
        generation.text
        if re.match(r"[\s*#]*question", generation.text, re.IGNORECASE)
        else f"Question: {generation.text}"
    )
    block: Block = []
    for line in text.splitlines():
        if not (match := _FIELD.match(line)):
            continue
        if match[1].lower() == "question" and block:
            yield block
            block = []
        block.append((match[1].lower(), match[2].strip()))
    if block:
        yield block


def _draft(task: Task, number: int, block: Block, texts: dict[str, str]) -> Draft | str:
    """The draft, or why there is none."""
    fields = {name: [value for field, value in block if field == name and value] for name, _ in block}
    if not fields.get("question") or not fields.get("answer"):
        return "question or answer is missing"
    answer = fields["answer"][0]
    wrong = [option.strip() for line in fields.get("wrong", ()) for option in line.split("|") if option.strip()]
    wrong = [option for option in dict.fromkeys(wrong) if option.casefold() != answer.casefold()][:_MOST_WRONG]
    if not wrong:
        return "there is no wrong answer"
    sources = []
    for passage in task.passages:
        found = (_find(quote, passage, texts[passage.document_id]) for quote in fields.get("source", ()))
        source = next((span for span in found if span), None)
        if source is None:
            return f"no source line is a quotation from {passage.document_id}"
        sources.append(source)
    choices = [answer, *wrong]
    identifier = f"{task.request.id.removeprefix('draft-')}/{number}"
    random.Random(identifier).shuffle(choices)
    question = Question(
        id=identifier,
        prompt=f"Question: {fields['question'][0]}\nAnswer:",
        choices=tuple(f" {choice}" for choice in choices),
        answer_index=choices.index(answer),
        split=task.kind,
        group=task.request.source_id,
    )
    return Draft(question=question, sources=tuple(sources))


def _find(quote: str, passage: Span, text: str) -> Span | None:
    """Where the passage has the words of the quotation in a row; line breaks and case make no difference."""
    quoted = quote.strip("\"'“”‘’ .…").split()
    if len(quoted) < _SHORTEST_QUOTE:
        return None
    pattern = re.compile(r"\s+".join(map(re.escape, quoted)), re.IGNORECASE)
    found = pattern.search(text, passage.start, passage.end)
    return Span(document_id=passage.document_id, start=found.start(), end=found.end()) if found else None


def write(drafts: Sequence[Draft], path: Path, documents: Iterable[Document]) -> None:
    """A questions file with a line per draft; ``sources`` says which words of which document give the answer.

    Raises:
        UserError: the file cannot be written.
    """
    texts = {document.id: document.text for document in documents}
    lines = []
    for draft in drafts:
        question = draft.question
        sources = [
            dataclasses.asdict(span) | {"text": texts[span.document_id][span.start : span.end]}
            for span in draft.sources
        ]
        row = {
            "id": question.id,
            "prompt": question.prompt,
            "choices": [choice.strip() for choice in question.choices],
            "answer": question.choices[question.answer_index].strip(),
            "split": question.split,
            "group": question.group,
            "sources": sources,
        }
        lines.append(json.dumps(row, ensure_ascii=False))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    except OSError as error:
        raise UserError(f"the questions cannot be written to {path}: {error.strerror or error}") from None
