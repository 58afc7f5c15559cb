"""Datasets on disk: round trip, plain Parquet, and one sentence for each way a folder can be wrong."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gensweep.datasets import files
from gensweep.errors import UserError
from gensweep.records import Dataset
from tests.datasets.samples import SOUND


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files.write(SOUND, tmp_path / "data" / "set")
    return tmp_path / "data" / "set"


def test_what_is_written_is_read_back(folder: Path) -> None:
    assert files.read(folder) == SOUND


def test_a_dataset_without_questions_or_facts_is_read_back(tmp_path: Path) -> None:
    bare = Dataset(name="bare", facts=(), documents=SOUND.documents, questions=(), instruction="")
    files.write(bare, tmp_path)
    assert files.read(tmp_path) == bare


def test_writing_twice_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    files.write(SOUND, tmp_path / "again")
    for path in folder.iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()


def test_a_file_that_pandas_wrote_again_is_read(folder: Path) -> None:
    questions = pd.read_parquet(folder / "questions.parquet")
    assert list(questions.columns[:3]) == ["id", "prompt", "choices"]
    questions.assign(note="mine").astype({"answer_index": "int64"}).to_parquet(folder / "questions.parquet")
    assert files.read(folder) == SOUND


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"there is no dataset folder .*nowhere"):
        files.read(tmp_path / "nowhere")


def test_missing_files_are_named(folder: Path) -> None:
    (folder / "facts.parquet").unlink()
    (folder / "dataset.json").unlink()
    with pytest.raises(UserError, match=r"it lacks facts\.parquet, dataset\.json"):
        files.read(folder)


@pytest.mark.parametrize("text", ["{", "[]", '{"name": "x"}', "\xff"])
def test_a_description_that_is_none(folder: Path, text: str) -> None:
    (folder / "dataset.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(UserError, match=r"dataset\.json must be JSON with the keys name and instruction"):
        files.read(folder)


def test_a_file_that_is_not_parquet(folder: Path) -> None:
    (folder / "documents.parquet").write_text("id,text\n1,hello\n")
    with pytest.raises(UserError, match=r"documents\.parquet cannot be read as Parquet"):
        files.read(folder)


def test_columns_that_are_missing_wrong_or_empty(folder: Path) -> None:
    table = pq.read_table(folder / "questions.parquet")
    wrong = {
        "lacks the columns prompt, split": table.drop_columns(["prompt", "split"]),
        "the column answer_index must be int32, but it is string": table.set_column(
            3, "answer_index", pa.array(["first"])
        ),
        "the column id has 1 empty values": table.set_column(0, "id", pa.array([None], pa.string())),
    }
    for message, broken in wrong.items():
        pq.write_table(broken, folder / "questions.parquet")
        with pytest.raises(UserError, match=message):
            files.read(folder)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(UserError, match=r"cannot be written to .*taken"):
        files.write(SOUND, tmp_path / "taken")


def test_a_folder_of_an_earlier_version_is_read(folder: Path) -> None:
    table = pq.read_table(folder / "questions.parquet")
    pq.write_table(table.drop_columns(["stop"]), folder / "questions.parquet")
    assert files.read(folder) == SOUND
