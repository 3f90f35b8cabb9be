"""The page on which supervisors erase what has ended."""

from datetime import timedelta

import pytest
from rows import NOW, TERMS
from visiting import House

from storage.access.accounts import Role
from storage.cases.case_terms import close_case, open_case
from storage.cases.people import add_person
from storage.database.database import reading, writing
from storage.tables import Case, Person


@pytest.fixture
def ended(house: House) -> str:
    """A case with one person, closed."""
    with writing(house.site.database) as session:
        case = open_case(session, reference="A/1 <b>", now=NOW, **TERMS)
        add_person(session, case_id=case.id, name="Ada", now=NOW)
        close_case(session, case.id, NOW)
        open_case(session, reference="going on", now=NOW, **TERMS)
    return "A/1 <b>"


def test_only_what_has_ended_is_offered(house: House, ended: str) -> None:
    shown = house.visit_as(Role.SUPERVISOR).get("/retention").text
    assert ended.replace("<", "&lt;").replace(">", "&gt;") in shown
    assert "going on" not in shown
    assert "1 case is still open" in shown


def test_a_case_is_erased_once_its_reference_was_typed_again(house: House, ended: str) -> None:
    browser = house.visit_as(Role.SUPERVISOR)
    wrong = browser.post("/retention/case", data={"reference": ended, "repeated": "A/2"})
    assert (wrong.status_code, "nothing was purged" in wrong.text) == (400, True)

    done = browser.post("/retention/case", data={"reference": ended, "repeated": ended})

    assert "Verified: no remnants found." in done.text
    with reading(house.site.database) as session:
        assert session.get(Person, 1) is None
        assert session.get_one(Case, 1).purged_at
    after = browser.get("/retention").text
    assert ">None.</p>" in after
    assert "1 person" in after


def test_a_case_that_goes_on_is_not_erased_by_name_either(house: House, ended: str) -> None:
    assert ended
    form = {"reference": "going on", "repeated": "going on"}
    answer = house.visit_as(Role.SUPERVISOR).post("/retention/case", data=form)
    assert (answer.status_code, "close it first" in answer.text) == (400, True)


def test_where_nothing_is_due_nothing_is_erased(house: House) -> None:
    answer = house.visit_as(Role.SUPERVISOR).post("/retention/due")
    assert "Nothing was due" in answer.text


def test_an_expired_case_counts_as_ended(house: House, ended: str) -> None:
    assert ended
    house.clock.pass_by(days=31)
    with writing(house.site.database) as session:
        session.get_one(Case, 2).expires_at = house.clock() - timedelta(hours=1)
    assert ">None.</p>" not in house.visit_as(Role.SUPERVISOR).get("/retention").text
    assert "going on" in house.visit_as(Role.SUPERVISOR).get("/retention").text
