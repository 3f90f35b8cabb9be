"""Results as CSV, JSON lines or Parquet, a row at a time, in a file that is whole or not there."""

import csv
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import IO, Any

import numpy as np

from errors import StoreUnavailable, WrongUsage

ROWS_AT_ONCE = 10_000
_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")  # the wide ones are the same in some locales
_ARROW_TYPES = {
    **dict.fromkeys(("start_ms", "end_ms", "best_ms", "same_as_start_ms"), "int64"),
    **dict.fromkeys(("rank", "faces"), "int64"),
    **dict.fromkeys(("distance", "threshold", "score", "quality"), "float64"),
}
_ARROW_LISTS = {"box": "int32", "crops": "string", "vector": "float32"}


class Format(StrEnum):
    """Of a file of results."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


def plain(row: object, field: str) -> object:
    """A field of a result as it is shown: boxes in whole pixels, numbers to four places.

    The box of a face that was imported is nothing where nobody said it.
    """
    value = getattr(row, field)
    if field == "box":
        return [round(side) for side in value] if any(value) else None
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return round(value, 4) if isinstance(value, float) else value


def cell(value: object) -> object:
    """A value for CSV: lists as JSON, and no text that a spreadsheet would run as a formula."""
    if isinstance(value, list | np.ndarray):
        return json.dumps(value, default=np.ndarray.tolist)
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def write_rows(file: IO[bytes], rows: Iterable[object], fields: Sequence[str], form: Format) -> int:
    """Write these fields of every row, holding few rows at once; returns how many there were.

    Raises WrongUsage where Parquet is asked for and its package is not installed.
    """
    values = ({field: plain(row, field) for field in fields} for row in rows)
    if form is Format.PARQUET:
        return _write_parquet(file, values, fields)
    text = TextIOWrapper(file, encoding="utf-8", newline="")
    write = _write_csv if form is Format.CSV else _write_json_lines
    number = write(text, values, fields)
    text.flush()
    text.detach()
    return number


@contextmanager
def whole_file(path: Path, *, overwrite: bool) -> Iterator[IO[bytes]]:
    """A file to write, readable by its owner alone, that takes its name only at the end.

    Raises WrongUsage where there is one already or no folder for it, and StoreUnavailable when
    the disk does not take it; then nothing is left of it.
    """
    _refuse_taken(path, overwrite)
    try:
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=".nightreel-", suffix=".part", delete=False
        ) as file:
            try:
                yield file
                file.flush()
                os.fsync(file.fileno())
                _refuse_taken(path, overwrite)
                Path(file.name).replace(path)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise StoreUnavailable(
            f"The file cannot be written ({error.strerror}); nothing of it was kept, "
            "check the folder and the disk."
        ) from error


def _refuse_taken(path: Path, overwrite: bool) -> None:
    if not path.parent.is_dir():
        raise WrongUsage("The folder to write into does not exist; make it first.")
    if os.path.lexists(path) and (path.is_dir() or not overwrite):
        raise WrongUsage("There is a file of that name; name another, or overwrite with --force.")


def _write_csv(text: TextIOWrapper, rows: Iterable[dict[str, Any]], fields: Sequence[str]) -> int:
    writer, number = csv.writer(text), 0
    writer.writerow(fields)
    for row in rows:
        writer.writerow([cell(value) for value in row.values()])
        number += 1
    return number


def _write_json_lines(
    text: TextIOWrapper, rows: Iterable[dict[str, Any]], _fields: Sequence[str]
) -> int:
    number = 0
    for row in rows:
        text.write(json.dumps(row, ensure_ascii=False, default=np.ndarray.tolist) + "\n")
        number += 1
    return number


def _write_parquet(file: IO[bytes], rows: Iterator[dict[str, Any]], fields: Sequence[str]) -> int:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise WrongUsage(
            "Parquet needs the package pyarrow; install nightreel[parquet], or take csv or jsonl."
        ) from error
    schema, number = pyarrow.schema([(field, _arrow_type(pyarrow, field)) for field in fields]), 0
    with parquet.ParquetWriter(file, schema) as writer:
        while batch := list(islice(rows, ROWS_AT_ONCE)):
            writer.write_batch(pyarrow.RecordBatch.from_pylist(batch, schema=schema))
            number += len(batch)
    return number


def _arrow_type(pyarrow: Any, field: str) -> Any:
    if field in _ARROW_LISTS:
        return pyarrow.list_(getattr(pyarrow, _ARROW_LISTS[field])())
    return getattr(pyarrow, _ARROW_TYPES.get(field, "string"))()
