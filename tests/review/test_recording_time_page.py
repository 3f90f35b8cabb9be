"""Where the recording time of footage is missing, the pages say so and take it."""

from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from painted import RED, Stay, paint
from rows import NOW, TERMS
from staged import PLAN
from visiting import House

from pipeline.intake.ingest import ingest_file
from storage.access.accounts import Role
from storage.access.audit import entries
from storage.cases.case_terms import open_case
from storage.database.database import reading, writing
from storage.database.moments import milliseconds
from storage.jobs.recordings import Request
from storage.tables import Recording


@pytest.fixture
def case(house: House, tmp_path: Path) -> int:
    """A case with a recording period, and footage that nobody dates."""
    window = {"footage_from": NOW - timedelta(hours=9), "footage_until": NOW}
    with writing(house.site.database) as session:
        case = open_case(session, reference="A-1", now=NOW, **TERMS | window)
    film = paint(tmp_path / "gate.mp4", 3, Stay(RED, 0, 2))
    asked = Request(case_id=case.id)
    ingest_file(film, context=house.site.context, plan=PLAN, now=NOW, request=asked)
    return case.id


@pytest.fixture
def analyst(house: House) -> httpx.Client:
    return house.visit_as(Role.ANALYST)


def captured_ms(house: House) -> int | None:
    with reading(house.site.database) as session:
        return session.get_one(Recording, 1).captured_ms


def test_the_time_that_is_missing_is_entered_on_the_page_of_the_case(
    house: House, case: int, analyst: httpx.Client
) -> None:
    place = f"/cases/{case}"
    before = analyst.get(place).text
    assert "Nobody says when it was recorded" in before
    assert 'name="captured_at"' in before
    form = {"captured_at": "2026-03-01T20:00", "case": case}
    answer = analyst.post("/recordings/1/captured", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, place)
    assert captured_ms(house) == milliseconds(NOW - timedelta(hours=2))
    assert 'name="captured_at"' not in analyst.get(place).text
    with reading(house.site.database) as session:
        assert "recording_dated" in [one.action for one in entries(session)]


@pytest.mark.usefixtures("case")
def test_the_page_of_a_recording_says_its_time_and_takes_it(analyst: httpx.Client) -> None:
    assert "nobody says when it was recorded" in analyst.get("/recordings/1").text
    analyst.post("/recordings/1/captured", data={"captured_at": "2026-03-01T20:00"})
    page = analyst.get("/recordings/1").text
    assert "a user says it was recorded 2026-03-01 20:00:00 UTC" in page


@pytest.mark.usefixtures("case")
@pytest.mark.parametrize("typed", ["", "yesterday", "2999-01-01T00:00"])
def test_a_time_that_makes_no_sense_is_not_taken(
    house: House, analyst: httpx.Client, typed: str
) -> None:
    answer = analyst.post("/recordings/1/captured", data={"captured_at": typed})
    assert answer.status_code in (400, 422)
    assert captured_ms(house) is None


@pytest.mark.usefixtures("case")
def test_an_uploader_dates_no_footage_of_others(house: House) -> None:
    answer = house.visit_as(Role.UPLOADER).post(
        "/recordings/1/captured", data={"captured_at": "2026-03-01T20:00"}
    )
    assert answer.status_code == 404
    assert captured_ms(house) is None
