"""Pages and the API say what was compared, and what was left out and why."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from absences import (
    FOUND_NOBODY,
    FROM,
    NO_PHOTO,
    NOBODY_SAYS,
    UNTIL,
    compared,
)
from callers import caller
from painted import RED, Stay, paint, paint_photo
from staged import PLAN
from visiting import House

from pipeline.analysis.match import match_analysis
from pipeline.analysis.rematch import match_person
from pipeline.analysis.watch import watch
from pipeline.clock import utc_now
from pipeline.intake.ingest import ingest_file
from pipeline.people.enrol import enrol_person
from storage.access.accounts import Role
from storage.cases.case_terms import open_case
from storage.cases.cases import EVER
from storage.database.database import reading, writing
from storage.jobs.dispatcher import undispatched
from storage.jobs.recordings import Request

SAYING = (
    "/cases/{case}",
    "/cases/{case}/candidates",
    "/api/v1/cases/{case}/candidates",
)
"""Where candidates, or that there are none, are told."""


@pytest.fixture
def analyst(house: House) -> httpx.Client:
    house.clock.now = utc_now()
    return house.visit_as(Role.ANALYST)


@pytest.mark.parametrize("place", SAYING)
def test_footage_without_a_recording_time_is_counted_as_not_compared(
    house: House, tmp_path: Path, place: str
) -> None:
    watch_film(house, paint(tmp_path / "gate.mp4", 3, Stay(RED, 0, 2)))
    case = case_for(house, (FROM, UNTIL))
    look_for(house, case, [paint_photo(tmp_path / "red.png", RED)])
    assert compared(text_of(house, place, case)) == [(0, 1, 0, 1)]


@pytest.mark.parametrize("place", SAYING)
def test_why_footage_without_a_recording_time_was_left_out_is_told(
    house: House, tmp_path: Path, place: str
) -> None:
    """As above."""
    watch_film(house, paint(tmp_path / "gate.mp4", 3, Stay(RED, 0, 2)))
    case = case_for(house, (FROM, UNTIL))
    look_for(house, case, [paint_photo(tmp_path / "red.png", RED)])
    assert NOBODY_SAYS in text_of(house, place, case)


@pytest.mark.parametrize("place", SAYING)
def test_nobody_is_absent_who_was_compared_with_nothing(
    house: House, tmp_path: Path, place: str
) -> None:
    """As above: only the person's own section of the case's page says "No usable photo"."""
    watch_film(house, paint(tmp_path / "gate.mp4", 3, Stay(RED, 0, 2)))
    case = case_for(house, EVER)
    bad = tmp_path / "unreadable.png"
    bad.write_bytes(b"no picture")
    look_for(house, case, [bad])
    told = text_of(house, place, case)
    assert NO_PHOTO in told.lower()
    assert not any(words in told for words in FOUND_NOBODY)


def test_a_search_counts_the_faces_that_it_compared(
    house: House, analyst: httpx.Client, tmp_path: Path
) -> None:
    watch_film(house, paint(tmp_path / "gate.mp4", 3, Stay(RED, 0, 2)))
    case = case_for(house, (FROM, UNTIL))
    photo = {"photos": ("red.png", paint_photo(tmp_path / "red.png", RED).read_bytes())}
    told = analyst.post("/search", data={"case": case}, files=photo).text
    assert compared(told) == [(0, 1, 0, 1)]


def test_a_search_by_a_program_counts_the_faces_that_it_compared(
    house: House, tmp_path: Path
) -> None:
    house.clock.now = utc_now()
    watch_film(house, paint(tmp_path / "gate.mp4", 3, Stay(RED, 0, 2)))
    case = case_for(house, (FROM, UNTIL))
    photo = {"photos": ("red.png", paint_photo(tmp_path / "red.png", RED).read_bytes())}
    program = house.program(Role.ANALYST)
    answer = program.post(f"/api/v1/cases/{case}/search", files=photo)
    assert answer.status_code == 200
    assert compared(answer.text) == [(0, 1, 0, 1)]


def text_of(house: House, place: str, case: int) -> str:
    """What an analyst, or a program of theirs, is told at a place."""
    house.clock.now = utc_now()
    is_api = place.startswith("/api")
    visitor = house.program(Role.ANALYST) if is_api else house.visit_as(Role.ANALYST)
    answer = visitor.get(place.format(case=case))
    assert answer.status_code == 200
    return answer.text


def case_for(house: House, window: tuple[datetime, datetime]) -> int:
    """A case of the whole archive; returns its id."""
    with writing(house.site.database) as session:
        return open_case(
            session,
            reference="A",
            legal_basis="witness-search",
            purpose="a test",
            requested_by="an officer",
            sources=["*"],
            footage_from=window[0],
            footage_until=window[1],
            expires_at=utc_now() + timedelta(days=1),
            now=utc_now(),
        ).id


def watch_film(house: House, film: Path, request: Request | None = None) -> None:
    """Ingest, process and match one file."""
    context = house.site.context
    added = ingest_file(
        film, context=context, plan=PLAN, now=utc_now(), request=request or Request()
    )
    with reading(context.database) as session:
        segments = undispatched(session)
    for segment in segments:
        watch(segment, context)
    match_analysis(added.analysis_id, context)


def look_for(house: House, case_id: int, photos: Sequence[Path]) -> None:
    """Enrol a person, and compare everything."""
    context = house.site.context
    engine = context.engine_for(PLAN)
    asked = caller(context.database)
    person = enrol_person(asked, case_id, "Red", photos, engine=engine, context=context)
    match_person(person.person_id, context)
