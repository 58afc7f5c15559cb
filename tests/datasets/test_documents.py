"""A user's own documents: every kind of file is read, what cannot be read is named, mistakes are one sentence."""

import json
import logging
from pathlib import Path

import docx
import pypdf
import pytest

from gensweep import datasets
from gensweep.datasets import documents
from gensweep.errors import UserError
from gensweep.specs import Documents

QUESTION = {"prompt": "The office is in", "choices": ["Graz", "Linz"], "answer": "Graz", "split": "rephrase"}


def write_pdf(path: Path, line: str) -> None:
    """A PDF of one page with one line of text, by the object syntax of ISO 32000-1."""
    content = f"BT /F1 12 Tf 72 720 Td ({line}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
    ]
    data, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    data += b"xref\n0 5\n0000000000 65535 f \n%strailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (
        table,
        len(data),
    )
    path.write_bytes(data)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one readable document of each kind and the questions."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.txt").write_bytes("\ufeffFirst line.\r\nZweite Zeile: Ärger.\r\n".encode())
    (tmp_path / "b.md").write_text("# Title\n\nBody.\n", encoding="utf-8")
    (tmp_path / "c.jsonl").write_text('{"text": "One."}\n\n{"text": "Two.", "source": "x"}\n', encoding="utf-8")
    write_pdf(tmp_path / "d.pdf", "Text of a page.")
    word = docx.Document()
    word.add_paragraph("Before the table.")
    table = word.add_table(rows=1, cols=2)
    table.cell(0, 0).text, table.cell(0, 1).text = "left", "right"
    word.add_paragraph("After it.")
    word.save(str(tmp_path / "e.docx"))
    (tmp_path / "sub" / "f.html").write_text(
        "<html><head><title>No</title><script>var no = 1;</script></head><body><nav>No menu</nav>"
        "<h1>Über uns</h1><p>We are <b>few</b>\nand small.<br>Really.</p><!-- no -->"
        "<ul><li>one<li>two</ul></body></html>",
        encoding="utf-8",
    )
    (tmp_path / ".hidden.txt").write_text("No.", encoding="utf-8")
    (tmp_path / "questions.jsonl").write_text(json.dumps(QUESTION) + "\n", encoding="utf-8")
    return tmp_path


def test_every_kind_of_file_is_read(folder: Path) -> None:
    dataset = datasets.build(Documents(path=str(folder)), 0)
    assert {document.id: document.text for document in dataset.documents} == {
        "a.txt": "First line.\nZweite Zeile: Ärger.",
        "b.md": "# Title\n\nBody.",
        "c.jsonl:1": "One.",
        "c.jsonl:3": "Two.",
        "d.pdf": "Text of a page.",
        "e.docx": "Before the table.\nleft | right\nAfter it.",
        "sub/f.html": "Über uns\nWe are few and small.\nReally.\none\ntwo",
    }
    (question,) = dataset.questions
    assert (question.prompt, question.choices, question.answer_index) == ("The office is in", (" Graz", " Linz"), 0)
    assert (question.id, question.group, question.split) == ("rephrase/1", "rephrase/1", "rephrase")
    assert dataset == datasets.build(Documents(path=str(folder)), 1)


def test_a_page_in_another_encoding_that_it_declares(folder: Path) -> None:
    page = '<meta charset="iso-8859-1"><p>Ärger</p>'.encode("iso-8859-1")
    (folder / "latin.html").write_bytes(page)
    texts = {document.id: document.text for document in documents.build(Documents(path=str(folder)), 0).documents}
    assert texts["latin.html"] == "Ärger"


def test_what_gives_no_document_is_named_with_the_reason(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "damaged.pdf").write_bytes(b"%PDF-1.4\nnothing more")
    (folder / "damaged.docx").write_bytes(b"no archive")
    (folder / "empty.txt").write_text(" \n", encoding="utf-8")
    (folder / "none.jsonl").write_text("", encoding="utf-8")
    (folder / "blank.html").write_text("<html><body><script>x</script></body></html>", encoding="utf-8")
    (folder / "table.xlsx").write_bytes(b"PK")
    locked = pypdf.PdfWriter()
    locked.add_blank_page(width=10, height=10)
    locked.encrypt("secret", algorithm="RC4-128")
    locked.write(folder / "locked.pdf")
    found, skipped = documents.read_folder(folder, leave_out=[folder / "questions.jsonl"])
    assert len(found) == 7
    reasons = dict(skipped)
    assert reasons.keys() == {
        *("damaged.pdf", "damaged.docx", "empty.txt", "none.jsonl", "blank.html", "table.xlsx", "locked.pdf")
    }
    assert reasons["empty.txt"] == reasons["none.jsonl"] == reasons["blank.html"] == "no text"
    assert reasons["table.xlsx"] == "nothing reads .xlsx" and "not a readable Word file" in reasons["damaged.docx"]
    assert all(reasons[name].startswith("not a readable PDF") for name in ("damaged.pdf", "locked.pdf"))
    with caplog.at_level(logging.WARNING):
        documents.build(Documents(path=str(folder)), 0)
    assert "skipped 7 files" in caplog.text and "table.xlsx (nothing reads .xlsx)" in caplog.text
    assert {record.name for record in caplog.records} == {documents.__name__}  # a reader's own remarks name no file


def test_text_that_is_not_utf8_is_named_with_its_line(folder: Path) -> None:
    (folder / "old.txt").write_bytes("eins\nzwei Ä\n".encode("latin-1"))
    with pytest.raises(UserError, match=r"old\.txt:2: this is not UTF-8 text; save the file as UTF-8"):
        documents.build(Documents(path=str(folder)), 0)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{text: 1}", r"c\.jsonl:1: this is not valid JSON"),
        ("[1]", r"c\.jsonl:1: a line must be a JSON object"),
        ('{"body": "x"}', r"c\.jsonl:1: the line needs the key 'text'"),
    ],
)
def test_a_broken_line_of_documents(folder: Path, line: str, message: str) -> None:
    (folder / "c.jsonl").write_text(line, encoding="utf-8")
    with pytest.raises(UserError, match=message):
        documents.build(Documents(path=str(folder)), 0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"answer": "Grasz"}, r":2: the answer 'Grasz' is not among the choices \(did you mean 'Graz'\?\)"),
        ({"id": "rephrase/1"}, r":2: the question id 'rephrase/1' stands in line 1 already"),
        ({"choices": ["Graz"]}, ":2: choices must be a list of at least two texts"),
        ({"choices": ["Graz", " Graz"]}, ":2: the choice 'Graz' stands twice"),
        ({"choices": "Graz"}, ":2: choices must be a list"),
        ({"prompt": "  "}, ":2: the question needs the key 'prompt' with a text"),
        ({"split": None}, ":2: the question needs the key 'split' with a text"),
        ({"chioces": []}, r":2: unknown key 'chioces' \(did you mean 'choices'\?\)"),
    ],
)
def test_a_mistake_in_a_question_is_named_with_its_line(folder: Path, changes: dict[str, object], message: str) -> None:
    lines = [json.dumps(QUESTION), json.dumps(QUESTION | changes)]
    (folder / "questions.jsonl").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(UserError, match=r"questions\.jsonl" + message):
        documents.build(Documents(path=str(folder)), 0)


def test_questions_in_another_file_with_groups(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("other") / "mine.jsonl"
    path.write_text(json.dumps(QUESTION | {"id": "q", "group": "office"}), encoding="utf-8")
    dataset = documents.build(Documents(path=str(folder), questions=str(path)), 0)
    assert [(question.id, question.group) for question in dataset.questions] == [("q", "office")]
    assert "questions.jsonl:1" not in {document.id for document in dataset.documents}


def test_no_folder_no_file_no_question(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"there is no folder of documents .*nowhere; give it as path"):
        documents.build(Documents(path=str(tmp_path / "nowhere")), 0)
    with pytest.raises(UserError, match=r"no file in .* gives a document$"):
        documents.build(Documents(path=str(tmp_path)), 0)
    (tmp_path / "a.xyz").write_text("x", encoding="utf-8")
    with pytest.raises(UserError, match=r"gives a document: a\.xyz \(nothing reads \.xyz\)"):
        documents.build(Documents(path=str(tmp_path)), 0)
    (tmp_path / "a.txt").write_text("x", encoding="utf-8")
    with pytest.raises(UserError, match=r"there are no questions at .*questions\.jsonl: let a model draft them"):
        documents.build(Documents(path=str(tmp_path)), 0)
    (tmp_path / "questions.jsonl").write_text("\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"questions\.jsonl has no question"):
        documents.build(Documents(path=str(tmp_path)), 0)


def test_long_documents_become_parts_that_name_their_source_and_place(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    paragraphs = [f"Paragraph {number}. " + "It says a thing. " * 10 for number in range(100)]
    text = "\n\n".join(paragraph.strip() for paragraph in paragraphs)
    (folder / "guide.md").write_text(text, encoding="utf-8")
    whole = documents.build(Documents(path=str(folder), chunk_characters=None), 0).documents
    assert next(document for document in whole if document.id == "guide.md").text == text
    with caplog.at_level(logging.WARNING):
        dataset = datasets.build(Documents(path=str(folder)), 0)
    parts = [document for document in dataset.documents if document.source_id == "guide.md"]
    assert len(parts) == 5 and "1 documents of more than 4000 characters became 5" in caplog.text
    assert "\n\n".join(part.text for part in parts) == text
    for part in parts:
        start, end = map(int, part.id.removeprefix("guide.md@").split("-"))
        assert text[start:end] == part.text and len(part.text) <= 4000
        assert part.text.startswith("Paragraph")
    assert len(dataset.documents) == len(whole) + 4
