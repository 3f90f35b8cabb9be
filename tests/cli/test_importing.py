"""`nightreel import` as an archivist types it, who has no video any more."""

import csv
from pathlib import Path

import pytest
from command_line import TERMS, Nightreel
from painted import BLUE, RED, paint_photo

from pipeline.analysis.match import match_analysis
from settings import Settings
from worker.resources import Resources

CUT_BY = ("--case", "2026-1", "--cut-by", "=Cutter 3")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Nightreel:
    """A case that looks for red, and a table of red in a recording with a formula for a name."""
    folder = tmp_path_factory.mktemp("importing")
    nightreel = Nightreel(folder / "home")
    assert nightreel("case", "open", "2026-1", *TERMS).code == 0
    (folder / "faces").mkdir()
    red = paint_photo(folder / "faces" / "red.png", RED)
    paint_photo(folder / "faces" / "blue.png", BLUE)
    assert nightreel("enrol", "Ada", red, "--case", "2026-1").code == 0
    lines = ["file,recording,time", "red.png,=1+1.mp4,1000", "blue.png,yard,0:00:02"]
    (folder / "faces.csv").write_text("\n".join(lines))
    return nightreel


@pytest.fixture(scope="module")
def imported(home: Nightreel) -> list[str]:
    """What the first import said, everything being compared afterwards."""
    done = home("import", home.home.parent / "faces", home.home.parent / "faces.csv", *CUT_BY)
    assert (done.code, done.out) == (0, "")
    mine = Resources(Settings(home=home.home, engine="stub"))
    for analysis in (1, 2):
        match_analysis(analysis, mine.context)
    return done.said


def test_an_import_says_what_came_of_it_and_that_nothing_was_watched(imported: list[str]) -> None:
    assert imported[-1] == (
        "Imported: 2 faces of 2 recordings; already imported: 0; rejected: 0. "
        "Their footage was not analysed."
    )


@pytest.mark.usefixtures("imported")
def test_an_import_may_be_given_again_with_a_line_that_is_refused(home: Nightreel) -> None:
    folder = home.home.parent
    more = folder / "more.csv"
    more.write_text((folder / "faces.csv").read_text() + "\ngone.png,yard,3000")
    done = home("import", folder / "faces", more, *CUT_BY, "--json")
    assert (done.code, done.document["known"], done.document["appearances"]) == (3, 2, 0)
    (refused,) = done.document["refused"]
    assert (refused["number"], refused["file"]) == (4, "gone.png")


@pytest.mark.usefixtures("imported")
def test_a_listing_says_who_cut_a_candidate(home: Nightreel) -> None:
    document = home("candidates", "--case", "2026-1", "--json").document
    (only,) = document["candidates"]
    assert (only["recording"], only["cut_by"], only["box"]) == ("=1+1.mp4", "=Cutter 3", None)
    assert {one["cut_by"] for one in document["recordings"]} == {"=Cutter 3"}
    assert "cropped by =Cutter 3" in home("candidates", "--case", "2026-1").out
    jobs = home("jobs", "list").out
    assert jobs.count("imported") == 2 and "%" not in jobs
    assert "not processed. Its faces were cropped by =Cutter 3" in home("jobs", "show", "1").out


@pytest.mark.usefixtures("imported")
def test_a_search_says_that_nothing_was_watched(home: Nightreel) -> None:
    photo = home.home.parent / "faces" / "red.png"
    document = home("search", photo, "--case", "2026-1", "--json").document
    assert document["searched"]["recordings"] == 0
    assert list(document["not_searched"]) == ["imported faces only"]
    (appearance,) = document["recordings"][0]["appearances"]
    assert appearance["cut_by"] == "=Cutter 3"


@pytest.mark.usefixtures("imported")
def test_an_export_has_them_and_no_formula(home: Nightreel, tmp_path: Path) -> None:
    assert home("export", tmp_path / "out.csv", "--what", "appearances").code == 0
    with (tmp_path / "out.csv").open(newline="") as text:
        rows = list(csv.DictReader(text))
    assert {row["recording"] for row in rows} == {"'=1+1.mp4", "yard"}
    assert {row["cut_by"] for row in rows} == {"'=Cutter 3"}
    assert all(row["imported_at"] for row in rows)


@pytest.mark.usefixtures("imported")
def test_a_report_says_who_cut_a_candidate(home: Nightreel, tmp_path: Path) -> None:
    assert home("report", "--case", "2026-1", "-o", tmp_path).code == 3
    page = (tmp_path / "report.html").read_text()
    assert page.count("cropped by =Cutter 3, imported") == 3  # the candidate, and both recordings
    assert "its sha256 is not known" in page
    assert "imported faces only" in page
    assert "left out because matching is not finished" in page, "no worker compared the person"


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (("faces", "faces.csv", "--case", "2026-9", "--cut-by", "x"), 4, "No case 2026-9"),
        (("faces", "faces.csv", "--case", "2026-1", "--cut-by", " "), 2, "--cut-by"),
        (("nowhere", "faces.csv", *CUT_BY), 2, "No such folder"),
        (("faces", "nothing.csv", *CUT_BY), 2, "No such table"),
    ],
)
def test_what_cannot_be_imported_is_one_sentence(
    home: Nightreel, arguments: tuple[str, ...], code: int, reason: str
) -> None:
    folder, table, *others = arguments
    parent = home.home.parent
    done = home("import", parent / folder, parent / table, *others)
    assert (done.code, done.out) == (code, "")
    assert reason in done.err and len(done.err.splitlines()) == 1
