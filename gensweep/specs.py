"""The settings of each dataset (``name`` selects one; defaults are the paper's numbers) and of augmentation."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Spec(BaseModel):
    """Base of all settings: frozen, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Augmentation(Spec):
    """How documents become more documents; in an experiment file the name of a strategy alone stands for its defaults.

    ``prompt`` is the name of a packaged prompt or a prompt file; it replaces the one of the strategy's prompts (with
    ``filter: judge`` the judge's is among them) whose placeholders it has. ``generator`` is the name of a model (empty:
    the model under study). ``chat`` puts the prompt into the generator's chat template as a user's turn. ``filter``:
    ``audit`` keeps what is entailed by the dataset's world, ``judge`` what the generator itself, asked again, says
    follows from what it had read.
    """

    strategy: Literal["none", "local", "global", "local+global"] = "none"
    samples: int = Field(1, ge=1, description="generations per prompt")
    temperature: float = Field(0.0, ge=0)
    max_tokens: int = Field(128, ge=1, description="longest generation, in tokens")
    prompt: str = ""
    generator: str = ""
    chat: bool = False
    filter: Literal["none", "audit", "judge"] = "none"
    max_failures: float = Field(0.2, ge=0, le=1, description="share of failed generations above which the job stops")

    @property
    def strategies(self) -> tuple[str, ...]:
        """The single strategies that ``strategy`` combines; empty for ``none``."""
        return () if self.strategy == "none" else tuple(self.strategy.split("+"))

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: object) -> object:
        return {"strategy": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _samples_differ(self) -> Self:
        if self.samples > 1 and self.temperature == 0:
            raise ValueError(f"samples {self.samples} need a temperature above 0, else all of them are the same text")
        return self


class NonsenseWords(Spec):
    """Datasets whose competing words can be of one length in tokens.

    ``tokenizer`` is a ``tokenizer.json`` or the folder of a model: words that compete as choices are then drawn such
    that it splits them into equally many tokens.
    """

    tokenizer: str = ""


class SimpleReversals(NonsenseWords):
    """Comparisons of two nonsense entities, each in several documents; the questions ask the reversed direction."""

    name: Literal["simple_reversals"] = "simple_reversals"
    facts: int = Field(100, ge=1)
    documents_per_fact: int = Field(10, ge=1)


class SimpleSyllogisms(NonsenseWords):
    """Two premises on three nonsense entities a document; the questions ask what follows from them."""

    name: Literal["simple_syllogisms"] = "simple_syllogisms"
    documents: int = Field(69, ge=1)


class SemanticStructure(NonsenseWords):
    """A hierarchy of categories with properties and relations, told in articles of many formats.

    ``documents`` counts the articles, ``qa_documents`` those of questions with answers; both have ``min_sentences`` to
    ``max_sentences`` sentences. ``holdout`` is the share of categories of which only the parent is stated,
    ``questions_per_split`` the most that each split has.
    """

    name: Literal["semantic_structure"] = "semantic_structure"
    categories: int = Field(110, ge=8)
    documents: int = Field(2200, ge=0)
    qa_documents: int = Field(220, ge=0)
    min_sentences: int = Field(4, ge=1)
    max_sentences: int = Field(20, ge=1)
    holdout: float = Field(0.1, ge=0, le=1)
    questions_per_split: int = Field(200, ge=1)
    choices: int = Field(4, ge=2)

    @model_validator(mode="after")
    def _lengths_in_order(self) -> Self:
        if self.min_sentences > self.max_sentences:
            raise ValueError(f"min_sentences {self.min_sentences} is more than max_sentences {self.max_sentences}")
        return self


class ReversalCurse(NonsenseWords):
    """Fictional celebrities: made up with words of ``lexicon``, or the files of Berglund et al. in the folder ``path``.

    ``celebrities`` counts those of each of the three sets, ``documents_per_celebrity`` and ``questions_per_celebrity``
    the templates used per celebrity and order (name or description first); of more that there are, some are drawn.
    """

    name: Literal["reversal_curse"] = "reversal_curse"
    path: str = ""
    lexicon: Literal["nonsense", "plausible"] = "plausible"
    celebrities: int = Field(30, ge=4)
    documents_per_celebrity: int = Field(30, ge=1)
    questions_per_celebrity: int = Field(10, ge=1)
    distractors: Literal["same_set", "all_sets"] = "same_set"


class Process(Spec):
    """A transform of expressions with made-up rules; the questions combine rules in ways that no document does.

    ``depth`` is the most operations that stand inside each other, ``held_out`` the number of operations (of seven) that
    never stand directly inside a given one in documents. ``answers``: the model has ``choices``, or it writes the
    result, which must be an ``exact_match``; documents and questions are the same.
    """

    name: Literal["process"] = "process"
    documents: int = Field(500, ge=20)
    questions_per_split: int = Field(100, ge=1)
    depth: int = Field(2, ge=2, le=4)
    held_out: int = Field(2, ge=1, le=5)
    answers: Literal["choices", "exact_match"] = "choices"


class Documents(Spec):
    """Your own documents: the .txt, .md, .jsonl, .pdf, .docx and .html files in the folder ``path``.

    ``questions`` is a JSONL file of questions on them; without it the folder's own ``questions.jsonl`` is read.
    A document of more than ``chunk_characters`` (None: of any length) becomes several, cut between paragraphs or else
    sentences: 4000 are about 1000 tokens of English, and the shortest windows in use have 2048.
    """

    name: Literal["documents"] = "documents"
    path: str
    questions: str = ""
    chunk_characters: int | None = Field(4000, ge=100)


SOURCES = ("path", "questions", "tokenizer")
"""Fields of dataset specs that name a folder or file: its content, not its place, makes the dataset."""

DatasetSpec = Annotated[
    SimpleReversals | SimpleSyllogisms | SemanticStructure | ReversalCurse | Process | Documents,
    Field(discriminator="name"),
]
