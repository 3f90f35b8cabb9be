"""On every page it is plain that a face was cut by others, and that nothing was looked at."""

from pathlib import Path

import httpx
import pytest
from callers import caller
from painted import RED, paint_photo
from staged import PLAN, stage
from visiting import House

from pipeline.analysis.match import match_analysis
from pipeline.intake.imports import import_faces
from storage.access.accounts import Role
from storage.database.database import reading
from storage.results.candidates import candidates

SAID = "cropped by <b>Cutter</b>, imported"
SHOWN = SAID.replace("<b>", "&lt;b&gt;").replace("</b>", "&lt;/b&gt;")


@pytest.fixture
def case_id(house: House, tmp_path: Path) -> int:
    """A case in which red is a candidate in footage three times, and once in what others cut."""
    case_id = stage(house, tmp_path / "footage")
    paint_photo(tmp_path / "footage" / "cut.png", RED, side=120)
    table = tmp_path / "faces.csv"
    table.write_text("file,recording,time\ncut.png,gone.avi,0:00:09\n")
    done = import_faces(
        caller(house.site.database), case_id, table, tmp_path / "footage",
        cut_by="<b>Cutter</b>", engine=PLAN.engine, context=house.site.context,
    )  # fmt: skip
    match_analysis(done.analyses[0], house.site.context)
    return case_id


def cut_from_the_gate(house: House, folder: Path) -> None:
    """Red is imported, too, at a time at which they were seen in the case's footage."""
    table = folder / "gate.csv"
    table.write_text("file,recording,time\ncut.png,=gate <i>1.mp4,0:00:06\n")
    done = import_faces(
        caller(house.site.database), 1, table, folder / "footage",
        cut_by="Cutter", engine=PLAN.engine, context=house.site.context,
    )  # fmt: skip
    match_analysis(done.analyses[0], house.site.context)


def imported(house: House) -> str:
    """Where the imported candidate is, as a path."""
    with reading(house.site.database) as session:
        (one,) = [row for row in candidates(session) if row.seen.cut_by]
    return f"{one.person_id}/{one.seen.appearance_id}"


def test_the_pages_of_its_case_say_so(house: House, case_id: int) -> None:
    analyst = house.visit_as(Role.ANALYST)
    case = analyst.get(f"/cases/{case_id}").text
    assert "imported faces, cropped by <bdi>&lt;b&gt;Cutter" in case
    assert analyst.get(f"/cases/{case_id}/candidates").text.count(SHOWN) == 1
    page = analyst.get(f"/cases/{case_id}/candidates/{imported(house)}").text
    assert SHOWN in page
    assert "No clip" in page
    assert "<video" not in page


def test_a_reviewer_is_told_before_deciding(house: House, case_id: int) -> None:
    reviewer: httpx.Client = house.visit_as(Role.REVIEWER)
    page = reviewer.get(f"/review/{case_id}/{imported(house)}").text
    assert SHOWN in page
    assert "<video" not in page
    assert "px wide" not in page  # nobody said where it was in the recording's picture
    clip = reviewer.get(f"/candidates/{case_id}/{imported(house)}/clip.mp4")
    assert (clip.status_code, "No clip" in clip.text) == (404, True)
    assert reviewer.get(f"/candidates/{case_id}/{imported(house)}/crops/0").status_code == 200


@pytest.mark.usefixtures("case_id")
def test_the_recordings_say_so(house: House) -> None:
    analyst = house.visit_as(Role.ANALYST)
    assert "imported faces only, cropped by &lt;b&gt;Cutter" in analyst.get("/recordings").text
    page = analyst.get("/recordings/2").text
    assert SHOWN in page
    assert "the sha256 is not known" in page
    assert "0:00:09.0" in page


def test_a_search_says_so(house: House, case_id: int, tmp_path: Path) -> None:
    analyst = house.visit_as(Role.ANALYST)
    photo = {"photos": ("red.png", (tmp_path / "footage" / "red.png").read_bytes())}
    page = analyst.post("/search", data={"case": case_id}, files=photo).text
    assert page.count(SHOWN) == 1
    assert "imported faces only" in page


def test_what_was_watched_too_is_the_same_moment_to_whoever_works_on_the_case(
    house: House, case_id: int, tmp_path: Path
) -> None:
    cut_from_the_gate(house, tmp_path)
    api = f"/api/v1/cases/{case_id}/candidates"
    program = house.program(Role.ANALYST)
    known = program.get(api).json()["candidates"]
    [cut] = [one for one in known if one["same_as_rank"]]
    [seen] = [one for one in known if one["rank"] == cut["same_as_rank"]]
    assert "cropped by Cutter, imported" in cut["provenance"]
    assert seen["start_ms"] <= 6_000 <= seen["end_ms"]
    one = f"{cut['person_id']}/{cut['appearance_id']}"
    assert program.get(f"{api}/{one}").json()["same_as_rank"] == seen["rank"]
    said, analyst = f"rank {seen['rank']}</bdi>", house.visit_as(Role.ANALYST)
    assert analyst.get(f"/cases/{case_id}/candidates").text.count(said) == 1
    assert said in analyst.get(f"/cases/{case_id}/candidates/{one}").text
    reviewer = house.visit_as(Role.REVIEWER)
    assert "same moment" not in reviewer.get(f"/review/{case_id}/{one}").text
