"""`nightreel export`: results for other programs, and who gets vectors."""

import csv
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from command_line import Nightreel
from rows import NOW, PLAN, TERMS, add_reference, found, presence, reference, segments

from pipeline.clock import utc_now
from storage.cases.case_terms import open_case
from storage.cases.people import add_person
from storage.database.database import connect, upgrade, writing
from storage.jobs.recordings import Request, add
from storage.results.ranking import Match, replace_candidates
from storage.vectors.appearances import replace_appearances

LATER = {**TERMS, "expires_at": utc_now() + timedelta(days=1)}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nightreel]:
    """A home with one appearance and one candidate, in footage of a case in force and another."""
    folder = tmp_path_factory.mktemp("export")
    url = f"sqlite:///{folder / 'results.db'}"
    database = connect(url)
    upgrade(database)
    with writing(database) as session:
        open_case(session, reference="over", now=NOW, **TERMS)
        case = open_case(session, reference="A-1", now=NOW, **LATER)
        person = add_person(session, case_id=case.id, name="=Ada", now=NOW)
        photo = add_reference(session, person, reference())
        request = Request(case_id=case.id)
        gate = add(session, found(), segments=segments(), now=NOW, request=request, **PLAN)
        ids = replace_appearances(session, gate.analysis_id, [presence()])
        matches = [Match(person, ids[0], photo, 0.25, 0.6)]
        replace_candidates(session, reference_ids=[photo], appearance_ids=ids, matches=matches)
    database.dispose()
    nightreel = Nightreel(folder / "home").with_settings(database_url=url)
    yield nightreel
    nightreel.clean_up()


def test_appearances_go_into_a_folder_without_their_vectors(
    home: Nightreel, tmp_path: Path
) -> None:
    done = home("export", tmp_path, "--what", "appearances", "--format", "jsonl")
    assert (done.code, done.out) == (0, "")
    assert done.said == ["1 appearances exported; only you can read the file."]
    row = json.loads((tmp_path / "appearances.jsonl").read_text())
    assert (row["recording"], row["recording_sha256"], row["box"]) == (
        "gate.mp4",
        "a" * 64,
        [10, 20, 80, 96],
    )
    assert "vector" not in row


def test_candidates_have_the_fields_of_their_listing(home: Nightreel, tmp_path: Path) -> None:
    file = tmp_path / "candidates.csv"
    done = home("export", file, "--what", "candidates", "--case", "A-1", "--recording", "gate.mp4")
    assert done.code == 0
    listed = home("candidates", "--case", "A-1", "--csv").out
    with file.open(newline="") as text:
        rows = list(csv.reader(text))
    assert rows == list(csv.reader(listed.splitlines()))
    assert rows[1][0] == "'=Ada"


def test_vectors_are_written_under_a_case_in_force(home: Nightreel, tmp_path: Path) -> None:
    file = tmp_path / "out.parquet"
    done = home("export", file, "--what", "appearances", "--with-vectors", "--case", "A-1")
    assert (done.code, file.stat().st_mode & 0o777) == (0, 0o600)
    assert file.read_bytes()[:4] == b"PAR1"


@pytest.mark.parametrize(
    ("options", "code", "reason"),
    [
        (("appearances", "--with-vectors"), 4, "biometric"),
        (("appearances", "--with-vectors", "--case", "over"), 4, "expired"),
        (("appearances", "--case", "none"), 4, "No case none"),
        (("candidates",), 2, "--case"),
        (("appearances", "--recording", "cellar.mp4"), 2, "No recording cellar.mp4"),
    ],
)
def test_what_is_not_allowed_leaves_no_file(
    home: Nightreel, tmp_path: Path, options: tuple[str, ...], code: int, reason: str
) -> None:
    done = home("export", tmp_path, "--what", *options)
    assert (done.code, done.out) == (code, "")
    assert reason in done.err
    assert not list(tmp_path.iterdir())


def test_an_expired_case_can_still_be_exported(home: Nightreel, tmp_path: Path) -> None:
    done = home("export", tmp_path, "--what", "candidates", "--case", "over")
    assert (done.code, len((tmp_path / "candidates.csv").read_text().splitlines())) == (0, 1)
