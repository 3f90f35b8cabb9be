"""Files of results: what they hold, and that they are whole or not there."""

import csv
import json
import sys
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from errors import StoreUnavailable, WrongUsage
from report import table_files
from report.column import Box, Column, Names, Vector
from report.table_files import Format, cell, exported_file, write_rows

COLUMNS = (
    Column("recording", str, ""),
    Column("start_ms", int, ""),
    Column("quality", float, ""),
    Column("box", Box, ""),
    Column("crops", Names, ""),
    Column("vector", Vector, ""),
)


@dataclass(frozen=True)
class Row:
    """A few of a result's fields, of every kind there is."""

    recording: str
    start_ms: int
    quality: float
    box: tuple[int, int, int, int]
    crops: tuple[str, ...]
    vector: NDArray[np.float32]


VECTOR = np.array([0.5, -0.25], np.float32)
ROW = Row("gate.mp4", 4000, 0.712345, (10, 20, 80, 97), ("a.jpg", "b.jpg"), VECTOR)
SHOWN = {
    "recording": "gate.mp4",
    "start_ms": 4000,
    "quality": 0.7123,
    "box": [10, 20, 80, 97],
    "crops": ["a.jpg", "b.jpg"],
    "vector": [0.5, -0.25],
}


def written(path: Path, *rows: Row) -> int:
    with exported_file(path, overwrite=False) as file:
        return write_rows(file, rows, COLUMNS, Format(path.suffix[1:]))


def test_json_lines_hold_a_result_each(tmp_path: Path) -> None:
    file = tmp_path / "out.jsonl"
    assert written(file, ROW, replace(ROW, recording="hall\n\u2028.mp4")) == 2
    first, second = file.read_bytes().splitlines()
    assert json.loads(first) == SHOWN
    assert json.loads(second)["recording"] == "hall\n\u2028.mp4"


def test_csv_has_a_heading_and_lists_as_json(tmp_path: Path) -> None:
    file = tmp_path / "out.csv"
    assert written(file, ROW) == 1
    with file.open(newline="", encoding="utf-8") as text:
        (row,) = csv.DictReader(text)
    assert row["recording"] == "gate.mp4"
    assert json.loads(row["crops"]) == SHOWN["crops"]
    assert json.loads(row["vector"]) == SHOWN["vector"]


def test_parquet_has_types(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    file = tmp_path / "out.parquet"
    assert written(file, *[ROW] * 10_001) == 10_001
    table = parquet.read_table(file)
    assert table.num_rows == 10_001
    assert table.slice(10_000).to_pylist() == [SHOWN]
    types = {name: str(table.schema.field(name).type) for name in ("start_ms", "quality", "vector")}
    assert types == {"start_ms": "int64", "quality": "double", "vector": "list<element: float>"}


@pytest.mark.parametrize("form", Format)
def test_no_results_make_a_file_that_can_be_read(form: Format, tmp_path: Path) -> None:
    file = tmp_path / f"out.{form}"
    assert written(file) == 0
    assert (file.stat().st_size == 0) == (form is Format.JSONL)


def test_without_its_package_parquet_is_refused_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(WrongUsage, match=r"nightreel\[parquet\]"):
        written(tmp_path / "out.parquet", ROW)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@sum", "\t=1", "\r=1", "\n=1", "\uff1d1"])
def test_what_a_spreadsheet_would_run_is_text_in_csv(name: str) -> None:
    assert cell(name) == f"'{name}"


@pytest.mark.parametrize("value", ["", "gate.mp4", -1, -0.5, None])
def test_anything_else_stays_as_it_is_in_csv(value: object) -> None:
    assert cell(value) == value


@pytest.mark.parametrize("form", [Format.CSV, Format.JSONL, Format.PARQUET])
def test_many_rows_take_no_more_memory_than_few(
    form: Format, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyarrow")
    monkeypatch.setattr(table_files, "ROWS_AT_ONCE", 100)

    def most_bytes(number: int) -> int:
        tracemalloc.start()
        with (tmp_path / f"{number}").open("wb") as file:
            write_rows(file, (ROW for _ in range(number)), COLUMNS, form)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    most_bytes(10)  # what is imported and kept at first use
    assert most_bytes(2000) < 1.5 * most_bytes(500)


def test_a_file_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "out.csv"
    written(file, ROW)
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_broken_off_is_not_there(tmp_path: Path) -> None:
    def rows() -> Iterator[Row]:
        yield ROW
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), exported_file(tmp_path / "a", overwrite=False) as file:
        write_rows(file, rows(), COLUMNS, Format.CSV)
    assert not list(tmp_path.iterdir())


def test_a_file_is_overwritten_only_where_that_is_wanted(tmp_path: Path) -> None:
    file = tmp_path / "out.csv"
    file.write_text("precious")
    with pytest.raises(WrongUsage, match="--force"):
        written(file, ROW)
    assert file.read_text() == "precious"
    with exported_file(file, overwrite=True) as new:
        new.write(b"new")
    assert file.read_text() == "new"


def test_a_file_that_came_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "out.csv"
    with pytest.raises(WrongUsage), exported_file(file, overwrite=False):
        file.write_text("precious")
    assert [each.name for each in tmp_path.iterdir()] == ["out.csv"]
    assert file.read_text() == "precious"


def test_a_folder_that_is_not_there_is_named_as_the_reason(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="folder"):
        written(tmp_path / "nowhere" / "out.csv", ROW)


def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    with (
        pytest.raises(StoreUnavailable, match="No space left"),
        exported_file(tmp_path / "out.csv", overwrite=False),
        Path("/dev/full").open("wb") as full,
    ):
        write_rows(full, [ROW], COLUMNS, Format.CSV)
    assert not list(tmp_path.iterdir())
