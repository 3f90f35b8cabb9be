"""Packages: the same contents are the same bytes, and whatever is altered is found."""

import random
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rows import candidate, seen

from errors import Altered, WrongUsage
from pipeline.judging.listed import Listed
from report.calibration import said
from report.exporting import NO_REQUESTER
from report.package import MANIFEST, pack, verify
from report.statement import Decided, Line, Looked, Statement, render
from storage.results.verdicts import Standing

GOLDEN = Path(__file__).parent / "statement.html"
AT = datetime(2026, 3, 1, 22, 0, tzinfo=UTC)
FILES = {"candidates.csv": b"person,rank\n", "statement.html": b"<p>", "pictures/a.jpg": b"\xff"}


def line(rank: int, status: Standing, **changes: Any) -> Line:
    row = candidate(
        rank,
        person="=cmd|' /C calc'!A0 <script>alert(1)</script>",
        seen=seen(recording="gate\u202egpj.mp4", quality=0.28),
        distance=0.3141,
    )
    return Line(**{"listed": Listed(row, status, None)} | OPEN | changes)


OPEN: dict[str, Any] = {
    "override": "",
    "verdicts": (),
    "earlier": (),
    "picture": "",
    "reference_picture": "",
}
SHOWN = ("dlib", "passport.jpg", "b" * 64, "c" * 64 + ".jpg")
EXCHANGED = ("dlib", "other <i>.jpg", "d" * 64, "c" * 64 + ".jpg")
SUPPORTED = {
    "override": "The scar is clear.",
    "verdicts": (Decided("ann", "same", AT, *SHOWN), Decided("ben", "same", AT, *SHOWN)),
    "earlier": (Decided("ann", "inconclusive", AT, *EXCHANGED),),
    "picture": "pictures/" + "c" * 64 + ".jpg",
}


def statement() -> Statement:
    lines = (line(1, Standing.SUPPORTED, **SUPPORTED), line(2, Standing.OPEN))
    return Statement(
        made_at=AT,
        case_reference="2026-117",
        case=(("legal basis", "witness-search"), ("purpose", "to find a witness")),
        engines=(("dlib", "d" * 64),),
        calibration=(said(None),),
        lines=lines,
        compared=("Compared with 3 of 3 faces in 1 of 1 recording (0:01:00.0 of 0:01:00.0).",),
        without=("Grace <i>",),
        footage=(Looked("gate.mp4", "a" * 64, 60_000, 58_000, 1),),
        requesters=(NO_REQUESTER,),
        contents_sha256="e" * 64,
    )


def written(folder: Path, body: bytes) -> Path:
    path = folder / "package.zip"
    path.write_bytes(body)
    return path


def repacked(path: Path, **changes: bytes | None) -> Path:
    """The same archive with files changed, added, or taken out (None)."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, body in (files | changes).items():
            if body is not None:
                archive.writestr(name, body)
    return path


def test_the_statement_says_what_it_has_to_say() -> None:
    """To accept a change on purpose: write `render(statement())` to the golden file."""
    assert render(statement()) == GOLDEN.read_text()


def test_the_same_files_make_the_same_package(tmp_path: Path) -> None:
    first, second = (pack(FILES, case="2026-117", made_at="now") for _ in range(2))
    assert first == second
    verified = verify(written(tmp_path, first.body))
    assert (verified.case, verified.files, verified.sha256) == ("2026-117", 3, first.sha256)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"candidates.csv": b"person,rank\nAda,1\n"}, "was changed"),
        ({"statement.html": None}, "is missing"),
        ({"extra.txt": b"x"}, "not in its manifest"),
        ({MANIFEST: b"{}"}, "cannot be read"),
        ({MANIFEST: b"\xff"}, "cannot be read"),
    ],
)
def test_what_was_altered_is_found(
    tmp_path: Path, changes: dict[str, bytes | None], found: str
) -> None:
    path = written(tmp_path, pack(FILES, case="2026-117", made_at="now").body)
    with pytest.raises(Altered, match=found):
        verify(repacked(path, **changes))


def test_what_is_no_package_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(Altered, match="damaged or not a package"):
        verify(written(tmp_path, b"no archive"))
    with pytest.raises(WrongUsage, match="cannot be read"):
        verify(tmp_path / "nothing.zip")
    path = written(tmp_path, pack(FILES, case="2026-117", made_at="now").body)
    with pytest.raises(WrongUsage, match="manifest is missing"):
        verify(repacked(path, **{MANIFEST: None}))


def test_no_byte_can_be_changed_without_notice_or_to_any_effect(tmp_path: Path) -> None:
    """A ZIP has bytes that mean nothing, such as dates; all others are seen to."""
    body = pack(FILES, case="2026-117", made_at="now").body
    chance = random.Random(5)
    for _ in range(300):
        changed = bytearray(body)
        changed[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
        path = written(tmp_path, bytes(changed))
        try:
            verify(path)
        except (Altered, WrongUsage):
            continue
        with zipfile.ZipFile(path) as archive:
            assert {name: archive.read(name) for name in FILES} == FILES
