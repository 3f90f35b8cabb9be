"""Commands say what was compared, and what was left out and why; then the exit code is 3."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from absences import FOUND_NOBODY, INSIDE, NO_PHOTO, NOBODY_SAYS, compared
from command_line import TERMS, Nightreel
from footage_factory import run_ffmpeg
from painted import BLUE, RED, Stay, paint, paint_photo

from footage.alignment import Overlap
from pipeline.analysis.match import match_analysis
from pipeline.analysis.rematch import match_person
from pipeline.analysis.watch import watch
from pipeline.clock import utc_now
from pipeline.intake.ingest import ingest_file
from settings import Settings
from storage.cases.cases import find_case
from storage.database.database import reading, writing
from storage.jobs.dispatcher import undispatched
from storage.jobs.overlaps import remember_overlap
from storage.jobs.recordings import Request
from worker.resources import Resources

LEFT_OUT = 3
"""The exit code where something was left out."""
BASIS = TERMS[: TERMS.index("--source")]
WINDOW = ("--from", "2026-03-01", "--to", "2026-03-02")
EVER = ("--from", "1900-01-01", "--to", "2200-01-01")
CASE = ("--case", "A-1")


@pytest.fixture
def archive(nightreel: Nightreel, tmp_path: Path) -> SimpleNamespace:
    """Red was seen in a recording whose time nobody knows; case A-1 has a window, red and nobody
    else: `nightreel`, `red`, and `compare` for a person's number."""
    assert nightreel("case", "open", "A-1", *BASIS, "--source", "*", *WINDOW).code == 0
    mine = Resources(Settings(home=nightreel.home, engine="stub"))
    watch_film(mine, paint(tmp_path / "gate.mp4", 3, Stay(RED, 0, 2)))
    red = paint_photo(tmp_path / "red.png", RED)
    assert nightreel("enrol", "Red", red, *CASE).code == 0
    match_person(1, mine.context)
    return SimpleNamespace(nightreel=nightreel, red=red, mine=mine)


def test_candidates_count_what_was_not_compared(archive: SimpleNamespace) -> None:
    said = archive.nightreel("candidates", *CASE)
    assert compared(said.out + said.err) == [(0, 1, 0, 1)]


def test_candidates_say_why_footage_was_left_out(archive: SimpleNamespace) -> None:
    said = archive.nightreel("candidates", *CASE)
    assert NOBODY_SAYS in flat(said.out + said.err)


def test_candidates_of_footage_that_was_left_out_end_with_3(archive: SimpleNamespace) -> None:
    assert archive.nightreel("candidates", *CASE).code == LEFT_OUT


def test_the_document_of_candidates_says_why_footage_was_left_out(
    archive: SimpleNamespace,
) -> None:
    assert NOBODY_SAYS in archive.nightreel("candidates", *CASE, "--json").out


def test_candidates_in_csv_end_with_3_too(archive: SimpleNamespace) -> None:
    assert archive.nightreel("candidates", *CASE, "--csv").code == LEFT_OUT


def test_candidates_of_somebody_without_a_usable_photo_say_so(
    nightreel: Nightreel, tmp_path: Path
) -> None:
    nightreel("case", "open", "A-1", *TERMS)
    bad = tmp_path / "unreadable.png"
    bad.write_bytes(b"no picture")
    assert nightreel("enrol", "Nobody", bad, *CASE).code == 1
    said = nightreel("candidates", *CASE)
    assert NO_PHOTO in flat(said.out + said.err).lower()


def test_a_search_counts_the_faces_that_it_compared(archive: SimpleNamespace) -> None:
    said = archive.nightreel("search", archive.red, *CASE)
    assert compared(said.out + said.err) == [(0, 1, 0, 1)]


def test_a_search_of_footage_that_was_left_out_ends_with_3(archive: SimpleNamespace) -> None:
    assert archive.nightreel("search", archive.red, *CASE).code == LEFT_OUT


def test_a_report_on_footage_that_was_left_out_ends_with_3(
    archive: SimpleNamespace, tmp_path: Path
) -> None:
    assert archive.nightreel("report", *CASE, "-o", tmp_path / "report").code == LEFT_OUT


def test_candidates_name_no_footage_of_another_case(nightreel: Nightreel, tmp_path: Path) -> None:
    footage_of_another_case(nightreel, tmp_path)
    assert "secret" not in nightreel("candidates", *CASE, "--json").out


def test_candidates_tell_no_duplicate_footage_of_another_case(
    nightreel: Nightreel, tmp_path: Path
) -> None:
    mine = footage_of_another_case(nightreel, tmp_path)
    with writing(mine.database) as session:
        remember_overlap(session, 1, 2, Overlap(0, 0, 2_000, 0.9))
    said = nightreel("candidates", *CASE)
    assert "secret" not in said.out + said.err


def test_process_says_that_the_date_of_the_file_kept_its_footage_out(
    nightreel: Nightreel, tmp_path: Path
) -> None:
    nightreel("case", "open", "A-1", *BASIS, "--source", "added", *WINDOW)
    film, dated = paint(tmp_path / "film.mp4", 3, Stay(RED, 0, 2)), tmp_path / "gate.mp4"
    claim = "creation_time=2026-01-05T12:34:56Z"
    run_ffmpeg("-i", film, "-c", "copy", "-metadata", claim, dated)
    person = f"Red={paint_photo(tmp_path / 'red.png', RED)}"
    done = nightreel("process", dated, "--person", person, *CASE)
    said = flat(done.out + done.err)
    assert not any(words in said for words in FOUND_NOBODY)
    assert ("2026-01-05" in said, done.code) == (True, LEFT_OUT)


def test_footage_inside_the_window_leaves_nothing_out(nightreel: Nightreel, tmp_path: Path) -> None:
    """The other side: where everything was compared, that is said, and the exit code is 0."""
    nightreel("case", "open", "A-1", *BASIS, "--source", "*", *WINDOW)
    mine = Resources(Settings(home=nightreel.home, engine="stub"))
    film = paint(tmp_path / "gate.mp4", 3, Stay(RED, 0, 2))
    watch_film(mine, film, Request(captured_at=INSIDE))
    nightreel("enrol", "Blue", paint_photo(tmp_path / "blue.png", BLUE), *CASE)
    match_person(1, mine.context)
    said = nightreel("candidates", *CASE)
    assert (said.code, compared(said.out + said.err)) == (0, [(1, 1, 1, 1)])


def footage_of_another_case(nightreel: Nightreel, folder: Path) -> Resources:
    """Two recordings of case B-2; case A-1 allows only its own footage, and has none."""
    own = (*BASIS, "--source", "added", *EVER)
    for reference in ("A-1", "B-2"):
        assert nightreel("case", "open", reference, *own).code == 0
    mine = Resources(Settings(home=nightreel.home, engine="stub"))
    with reading(mine.database) as session:
        request = Request(case_id=find_case(session, "B-2").id)
    for place, name in enumerate(("secret", "secret too")):
        film = paint(folder / f"{name}.mp4", 3, Stay(RED, 0, 2 - 0.5 * place))
        watch_film(mine, film, request)
    return mine


def flat(text: str) -> str:
    """A text in one line."""
    return " ".join(text.split())


def watch_film(mine: Resources, film: Path, request: Request | None = None) -> None:
    """Ingest, process and match one file."""
    added = ingest_file(
        film, context=mine.context, plan=mine.plan, now=utc_now(), request=request or Request()
    )
    with reading(mine.database) as session:
        segments = undispatched(session)
    for segment in segments:
        watch(segment, mine.context)
    match_analysis(added.analysis_id, mine.context)
