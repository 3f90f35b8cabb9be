"""What a supervisor enters of a case on its page."""

from pathlib import Path

import httpx
import pytest
from rows import TERMS
from staged import stage
from visiting import House

from storage.access.accounts import Role
from storage.cases.case_terms import open_case
from storage.cases.cases import Case, find_case
from storage.database.database import reading, writing
from storage.tables import Person

GIVEN = {"authorisation": "AG <b>12", "authorised_by": "the court"}


@pytest.fixture
def locked(house: House) -> str:
    """The page of a case that waits for its authorisation."""
    with writing(house.site.database) as session:
        needs = TERMS | {"needs_authorisation": True}
        case = open_case(session, reference="A/1 <b>", now=house.clock(), **needs)
    return f"/cases/{case.id}"


@pytest.fixture
def supervisor(house: House) -> httpx.Client:
    return house.visit_as(Role.SUPERVISOR)


def case_of(house: House, reference: str = "A/1 <b>") -> Case:
    with reading(house.site.database) as session:
        return find_case(session, reference)


def test_a_locked_case_shows_what_it_rests_on_and_nothing_else(house: House, locked: str) -> None:
    answer = house.visit_as(Role.ANALYST).get(locked)
    assert answer.status_code == 423
    assert "A/1 &lt;b&gt;" in answer.text
    assert "A supervisor can enter it here" in answer.text
    assert "Persons of interest" not in answer.text
    assert "/authorise" not in answer.text


def test_a_supervisor_unlocks_it_with_its_authorisation(
    house: House, locked: str, supervisor: httpx.Client
) -> None:
    assert f"{locked}/authorise" in supervisor.get(locked).text
    day = f"{house.clock():%Y-%m-%d}"
    assert supervisor.post(f"{locked}/authorise", data=GIVEN | {"day": day}).status_code == 303
    page = supervisor.get(locked)
    assert (page.status_code, "AG &lt;b&gt;12" in page.text) == (200, True)
    assert case_of(house).authorised_at == house.clock().replace(hour=0, minute=0)


@pytest.mark.parametrize("day", ["2999-01-01", "yesterday"])
def test_a_day_that_cannot_be_is_refused(
    house: House, locked: str, supervisor: httpx.Client, day: str
) -> None:
    answer = supervisor.post(f"{locked}/authorise", data=GIVEN | {"day": day})
    assert answer.status_code == 400
    assert case_of(house).authorised_at is None


def test_a_refused_authorisation_erases_whom_the_case_looked_for(
    house: House, tmp_path: Path
) -> None:
    place = f"/cases/{stage(house, tmp_path / 'footage')}"
    supervisor = house.visit_as(Role.SUPERVISOR)
    wrong = supervisor.post(f"{place}/refuse", data={"repeated": "2026-118"})
    assert (wrong.status_code, "nothing was purged" in wrong.text) == (400, True)
    assert supervisor.post(f"{place}/refuse", data={"repeated": "2026-117"}).status_code == 303
    with reading(house.site.database) as session:
        assert session.get(Person, 1) is None
    assert "authorisation refused" in supervisor.get("/cases").text


def test_a_closed_case_allows_nothing_and_can_be_erased(house: House, tmp_path: Path) -> None:
    place = f"/cases/{stage(house, tmp_path / 'footage')}"
    supervisor = house.visit_as(Role.SUPERVISOR)
    assert f"{place}/close" in supervisor.get(place).text
    assert supervisor.post(f"{place}/close").status_code == 303
    page = supervisor.get(place).text
    assert f"{place}/close" not in page
    assert "/retention" in page
    assert not case_of(house, "2026-117").is_in_force(house.clock())
