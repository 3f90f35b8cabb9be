"""The table that comes with faces that others cut: what is understood, what is refused, and why."""

import json
from pathlib import Path

import pytest

from errors import WrongUsage
from faces.face import Box
from pipeline.intake.face_table import read_table
from storage.jobs.imports import Named

HASH = "ab" * 32


def table(folder: Path, text: str | bytes, name: str = "faces.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_line_says_which_picture_from_where_and_when(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        "file,recording,sha256,time,end,box\n"
        f'a.jpg,gate.mp4,{HASH.upper()},1500,0:00:02.25,"10, 20, 30.5, 40"\n',
    )
    (line,) = read_table(path).lines
    assert (line.number, line.file, line.recording) == (2, "a.jpg", Named("gate.mp4", HASH))
    assert (line.start_ms, line.end_ms, line.box) == (1500, 2250, Box(10, 20, 30.5, 40))


@pytest.mark.parametrize(
    ("time", "time_ms"),
    [("0", 0), ("83000", 83_000), ("1:23", 83_000), ("01:01:23.5", 3_683_500), ("100:00:00", 36e7)],
)
def test_a_time_is_milliseconds_or_a_clock(tmp_path: Path, time: str, time_ms: int) -> None:
    (line,) = read_table(table(tmp_path, f"FILE;Recording;Time\na.jpg;gate;{time}\n")).lines
    assert line.start_ms == line.end_ms == time_ms


def test_lines_of_json_may_have_numbers_and_lists(tmp_path: Path) -> None:
    entry = {"file": "a.jpg", "sha256": HASH, "time": 1500.0, "box": [1, 2, 3, 4]}
    (line,) = read_table(table(tmp_path, json.dumps(entry) + "\n\n", "faces.jsonl")).lines
    assert (line.start_ms, line.box, line.recording) == (1500, Box(1, 2, 3, 4), Named("", HASH))


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"time": 1, "recording": "gate"}, "no file"),
        ({"file": "a.jpg", "time": 1}, "neither the name nor the sha256"),
        ({"file": "a.jpg", "recording": "gate"}, "time"),
        ({"file": "a.jpg", "recording": "gate", "time": "-5"}, "time"),
        ({"file": "a.jpg", "recording": "gate", "time": float("nan")}, "time"),
        ({"file": "a.jpg", "recording": "gate", "time": True}, "neither text nor a number"),
        ({"file": "a.jpg", "recording": "gate", "time": "0:61:00"}, "time"),
        ({"file": "a.jpg", "recording": "gate", "time": 9, "end": 8}, "before"),
        ({"file": "a.jpg", "recording": "gate", "time": 9, "box": [0, 0, 0, 9]}, "box"),
        ({"file": "a.jpg", "recording": "gate", "time": 9, "box": [0, 0, 1e400, 9]}, "box"),
        ({"file": "a.jpg", "recording": "gate", "time": 9, "box": "here"}, "box"),
        ({"file": "a.jpg", "recording": "gate", "time": 9, "sha256": "abc"}, "sha256"),
        ({"file": "a.jpg", "recording": "x" * 1001, "time": 9}, "longer than 1000"),
        ({"file": "a\0.jpg", "recording": "gate", "time": 9}, "not text"),
        ({"file": "\ud800.jpg", "recording": "gate", "time": 9}, "not text"),
        (["a.jpg"], "no file"),
    ],
)
def test_a_line_that_is_unclear_is_refused_with_its_reason(
    tmp_path: Path, entry: object, reason: str
) -> None:
    good = {"file": "b.jpg", "recording": "gate", "time": 1}
    text = f"{json.dumps(entry)}\n{json.dumps(good)}\n"
    read = read_table(table(tmp_path, text, "faces.jsonl"))
    (refused,) = read.refused
    assert refused.number == 1
    assert reason in refused.reason
    assert [line.file for line in read.lines] == ["b.jpg"]


def test_what_is_no_json_is_refused_line_by_line(tmp_path: Path) -> None:
    read = read_table(table(tmp_path, "[" * 100_000 + "\nnonsense\n", "faces.jsonl"))
    assert [one.number for one in read.refused] == [1, 2]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"recording,time\ngate,1\n", "no column file"),
        (b"", "no column file"),
        (b"file,time\n\xff\xfe,1\n", "UTF-8"),
        (b"file,time\n" + b'"' + b"x" * 200_000, "not valid CSV from line"),
    ],
)
def test_what_is_no_such_table_is_refused_as_a_whole(
    tmp_path: Path, body: bytes, reason: str
) -> None:
    with pytest.raises(WrongUsage, match=reason):
        read_table(table(tmp_path, body))


def test_a_table_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="No such table"):
        read_table(tmp_path)
