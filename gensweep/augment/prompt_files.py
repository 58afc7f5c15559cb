"""Prompt files: text with placeholders, packaged in ``prompts/`` or a user's own.

The blank line before the last placeholder's block divides a file: what stands above it is the context that requests
share (few-shot examples, or the corpus), the block itself is filled in for every item. The packaged prompts are plain
text for a model to continue; those named ``*_chat`` are instructions for models with a chat template.
"""

import dataclasses
from collections.abc import Callable
from pathlib import Path

from gensweep.errors import UserError, did_you_mean
from gensweep.specs import Augmentation

PACKAGED = Path(__file__).parent / "prompts"
ITEM = {"local": "{sentence}", "global": "{document}", "judge": "{statement}"}
CORPUS = "{documents}"
EVIDENCE = "{evidence}"
_SHARED = {"local": "", "global": CORPUS, "judge": EVIDENCE}
_TURN = "<<turn>>"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Prompt:
    """A prompt file taken apart; ``context`` still holds the placeholder of the corpus or the evidence.

    ``chat``: it stands in a chat template, so that the reply ends by itself and may have blank lines.
    """

    strategy: str
    name: str
    context: str
    template: str
    chat: bool = False

    @property
    def label(self) -> str:
        """What the item's line begins with, such as ``Statement:``; empty if that does not end in a colon."""
        before = self.template.partition(ITEM[self.strategy])[0].rpartition("\n")[2].strip()
        return before if before.endswith(":") else ""

    @property
    def stop(self) -> tuple[str, ...]:
        """Strings at which a generation has ended: a blank line, and the beginning of an invented next item."""
        return (() if self.chat else ("\n\n",)) + ((self.label,) if self.label else ())

    def fill(self, item: str) -> str:
        """The block for one item."""
        return self.template.replace(ITEM[self.strategy], item)

    def in_chat(self, chat: Callable[[str], str | None], generator: str) -> "Prompt":
        """The prompt as a user's turn; ``chat`` puts a message into the generator's chat template.

        Raises:
            UserError: the generator has no chat template.
        """
        framed = chat(_TURN)
        if framed is None:
            raise UserError(
                f"augmentation.chat: the generator {generator} has no chat template: set chat to false, or generator to"
                " an instruction-tuned model"
            )
        before, _, after = framed.partition(_TURN)
        context, template = (before + self.context, self.template) if self.context else ("", before + self.template)
        return dataclasses.replace(self, context=context, template=template + after, chat=True)


def load_prompt(name_or_path: str) -> Prompt:
    """The packaged prompt of that name (``local``, ``global_chat``, …) or the prompt in that file.

    White space at the end of the file is no part of the prompt.

    Raises:
        UserError: the file cannot be read, or lacks a placeholder.
    """
    packaged = {path.stem: path for path in PACKAGED.glob("*.txt")}
    path = packaged.get(name_or_path, Path(name_or_path))
    try:
        text = path.read_text(encoding="utf-8").rstrip()
    except FileNotFoundError:
        known = ", ".join(sorted(packaged))
        hint = did_you_mean(name_or_path, packaged)
        raise UserError(f"there is no prompt file {name_or_path}{hint}; packaged prompts are {known}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"prompt file {name_or_path} cannot be read as UTF-8 text: {error}") from None
    strategy = _strategy(text, name_or_path)
    start = text.rfind("\n\n", 0, text.index(ITEM[strategy])) + 2
    context, template = ("", text) if start == 1 else (text[:start], text[start:])
    if _SHARED[strategy] not in context:
        raise UserError(
            f"prompt file {name_or_path}: leave a blank line between {_SHARED[strategy]} and the lines of"
            f" {ITEM[strategy]}"
        )
    return Prompt(strategy=strategy, name=name_or_path, context=context, template=template)


def _strategy(text: str, name: str) -> str:
    """The strategy whose placeholders the text has; raises UserError naming the one that is missing."""
    for strategy, item in ITEM.items():
        present = [placeholder for placeholder in (_SHARED[strategy], item) if placeholder in text]
        if len(present) == 2:
            return strategy
        if missing := {_SHARED[strategy], item} - {"", *present} if any(present) else set():
            raise UserError(
                f"prompt file {name} lacks the placeholder {missing.pop()}, which a {strategy} prompt needs"
            )
    raise UserError(
        f"prompt file {name} lacks the placeholder {ITEM['local']} of a local prompt"
        f" (a global one needs {CORPUS} and {ITEM['global']})"
    )


def prompt_for(strategy: str, settings: Augmentation) -> Prompt:
    """The prompt of ``strategy`` or, by that name, of the judge: the settings' own if meant for it, else the packaged.

    Raises:
        UserError: as ``load_prompt``, or the settings' prompt is meant for something that they do not use.
    """
    packaged = f"{strategy}_chat" if settings.chat and strategy != "judge" else strategy
    prompt = load_prompt(settings.prompt or packaged)
    if prompt.strategy == strategy:
        return prompt
    used = {*settings.strategies, *(["judge"] if settings.filter == "judge" else [])}
    if prompt.strategy not in used:
        raise UserError(
            f"prompt file {prompt.name} lacks the placeholder {ITEM[strategy]}, which a {strategy} prompt needs"
        )
    return load_prompt(packaged)
