"""The text of files: plain text, Markdown, JSON lines, PDF, Word and HTML."""

import json
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from gensweep.errors import UserError

_BREAK = "\u2029"  # Unicode's paragraph separator: the line breaks of HTML source are mere white space
_NOT_TEXT = ("script", "style", "noscript", "template", "head", "nav", "svg")
_BLOCKS = (
    "address article aside blockquote br dd div dl dt figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr li "
    "main ol p pre section table td th tr ul"
).split()


class Unreadable(Exception):
    """A file that is damaged, locked or has no text; the message says which in a few words."""


def utf8(path: Path) -> str:
    """The text of a file, with ``\\n`` as line end and without a byte order mark.

    Raises:
        UserError: it is not UTF-8; names the line.
        Unreadable: it cannot be opened.
    """
    data = _bytes(path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UserError(f"{path}:{line}: this is not UTF-8 text; save the file as UTF-8") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line number and JSON object of each line that is not blank.

    Raises:
        UserError: a line is not a JSON object, or the file is not UTF-8.
        Unreadable: it cannot be opened.
    """
    for number, line in enumerate(utf8(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except ValueError as error:
            raise UserError(f"{path}:{number}: this is not valid JSON: {error}") from None
        if not isinstance(value, dict):
            raise UserError(f'{path}:{number}: a line must be a JSON object such as {{"text": "..."}}')
        yield number, value


def read(path: Path) -> list[tuple[str, str]]:
    """The texts of a file, each with what distinguishes it within the file (``":3"`` for line 3, else empty).

    Raises:
        Unreadable: the file is damaged, locked or of a kind that nothing here reads.
        UserError: text that is not UTF-8, or a line of a ``.jsonl`` file that is not an object with the text ``text``.
    """
    suffix = path.suffix.lower()
    if suffix == ".jsonl":
        return [(f":{number}", _text_of(value, path, number)) for number, value in json_lines(path)]
    if suffix not in READERS:
        raise Unreadable(f"nothing reads {suffix or 'files without an extension'}")
    return [("", READERS[suffix](path))]


def _text_of(value: dict[str, Any], path: Path, number: int) -> str:
    text = value.get("text")
    if not isinstance(text, str):
        raise UserError(f"{path}:{number}: the line needs the key 'text' with a text")
    return text


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unreadable(error.strerror or str(error)) from None


def _pdf(path: Path) -> str:
    """The text layer of each page; a scanned page has none."""
    import pypdf
    from pypdf.errors import PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # its remarks on odd files name none; the reason below does
    try:
        pages = pypdf.PdfReader(path).pages
        return "\n\n".join(page.extract_text() for page in pages)
    except (PyPdfError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unreadable(f"not a readable PDF: {error}") from None  # pypdf lets all of these out of a damaged file


def _docx(path: Path) -> str:
    """Paragraphs and tables in their order; the cells of a row stand on one line."""
    import docx
    from docx.opc.exceptions import OpcError
    from docx.table import Table

    try:
        blocks = list(docx.Document(str(path)).iter_inner_content())
    except (OpcError, OSError, ValueError, KeyError) as error:
        raise Unreadable(f"not a readable Word file: {error}") from None
    lines: list[str] = []
    for block in blocks:
        if isinstance(block, Table):
            lines += [" | ".join(cell.text for cell in row.cells) for row in block.rows]
        else:
            lines.append(block.text)
    return "\n".join(lines)


def _html(path: Path) -> str:
    """What a reader of the page sees: a line per block, without scripts, styles and navigation."""
    from lxml import etree, html

    data = _bytes(path)
    declared = re.search(rb"<meta[^>]+charset", data[:2048], re.IGNORECASE)
    try:
        page = html.document_fromstring(data if declared else utf8(path))
    except (etree.LxmlError, ValueError) as error:
        raise Unreadable(f"not a readable HTML file: {error}") from None
    for element in page.xpath("|".join(f"//{tag}" for tag in _NOT_TEXT) + "|//comment()"):
        element.drop_tree()
    for element in page.iter(*_BLOCKS):
        element.text, element.tail = f"{_BREAK}{element.text or ''}", f"{_BREAK}{element.tail or ''}"
    lines = (" ".join(line.split()) for line in page.text_content().split(_BREAK))
    return "\n".join(line for line in lines if line)


READERS: dict[str, Callable[[Path], str]] = {
    ".txt": utf8,
    ".md": utf8,
    ".pdf": _pdf,
    ".docx": _docx,
    ".html": _html,
    ".htm": _html,
}
"""What reads a file, by its extension; ``.jsonl`` has a text a line and is read by ``read`` itself."""
