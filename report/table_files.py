"""Write results as CSV, JSON lines or Parquet, row by row, into a file that is replaced whole."""

import csv
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import IO, Any, TextIO

import numpy as np

from atomic_file import atomic_write
from errors import StoreUnavailable, WrongUsage
from report.column import Box, Column, Names, Vector, plain

ROWS_AT_ONCE = 10_000
_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")  # some locales treat the wide ones alike
_ARROW_TYPES = {int: "int64", float: "float64"}
_ARROW_LISTS = {Box: "int32", Names: "string", Vector: "float32"}


class Format(StrEnum):
    """The format of a file of results."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


def cell(value: object) -> object:
    """A value for CSV: lists as JSON, text escaped if a spreadsheet would run it as a formula."""
    if isinstance(value, list | np.ndarray):
        return json.dumps(value, default=np.ndarray.tolist)
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def write_rows(
    file: IO[bytes], rows: Iterable[Any], columns: Sequence[Column], form: Format
) -> int:
    """Write these columns of every row, with few rows in memory; returns the number of rows.

    Raises WrongUsage if Parquet is requested and its package is not installed.
    """
    if form is Format.PARQUET:
        return _write_parquet(file, rows, columns)
    text = TextIOWrapper(file, encoding="utf-8", newline="")
    write = write_csv if form is Format.CSV else _write_json_lines
    number = write(text, rows, columns)
    text.flush()
    text.detach()
    return number


@contextmanager
def exported_file(path: Path, *, overwrite: bool) -> Iterator[IO[bytes]]:
    """A file to write, readable by its owner only, which gets its name only at the end.

    Raises WrongUsage if the file exists (unless `overwrite`) or its folder does not, and
    StoreUnavailable if it cannot be written; nothing is left of it then.
    """
    _refuse_taken(path, overwrite)
    try:
        with atomic_write(path) as file:
            yield file
            _refuse_taken(path, overwrite)
    except OSError as error:
        raise StoreUnavailable(
            f"The file cannot be written ({error.strerror}); nothing was written, "
            "check the folder and the disk."
        ) from error


def _refuse_taken(path: Path, overwrite: bool) -> None:
    if not path.parent.is_dir():
        raise WrongUsage("The output folder does not exist; create it first.")
    if os.path.lexists(path) and (path.is_dir() or not overwrite):
        raise WrongUsage("The file already exists; give another name, or overwrite with --force.")


def write_csv(text: TextIO, rows: Iterable[Any], columns: Sequence[Column]) -> int:
    """Write a header line and these columns of every row as CSV; returns the number of rows."""
    writer, number = csv.writer(text), 0
    writer.writerow(column.name for column in columns)
    for row in rows:
        writer.writerow(cell(column.plain(row)) for column in columns)
        number += 1
    return number


def _write_json_lines(text: TextIO, rows: Iterable[Any], columns: Sequence[Column]) -> int:
    number = 0
    for row in rows:
        document = plain(columns, row)
        text.write(json.dumps(document, ensure_ascii=False, default=np.ndarray.tolist) + "\n")
        number += 1
    return number


def _write_parquet(file: IO[bytes], rows: Iterable[Any], columns: Sequence[Column]) -> int:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise WrongUsage(
            "Parquet needs the package pyarrow; install nightreel[parquet], or take csv or jsonl."
        ) from error
    schema = pyarrow.schema([(column.name, _arrow_type(pyarrow, column)) for column in columns])
    plain_rows, number = (plain(columns, row) for row in rows), 0
    with parquet.ParquetWriter(file, schema) as writer:
        while batch := list(islice(plain_rows, ROWS_AT_ONCE)):
            writer.write_batch(pyarrow.RecordBatch.from_pylist(batch, schema=schema))
            number += len(batch)
    return number


def _arrow_type(pyarrow: Any, column: Column) -> Any:
    if column.kind in _ARROW_LISTS:
        return pyarrow.list_(getattr(pyarrow, _ARROW_LISTS[column.kind])())
    return getattr(pyarrow, _ARROW_TYPES.get(column.kind, "string"))()
