"""The page of what another photo or engine changed: who may see it, and what it says."""

from pathlib import Path

import httpx
import pytest
from callers import caller
from painted import RED, paint_photo
from staged import PERSON, review_first, stage
from visiting import House

from pipeline.analysis.rematch import match_person
from pipeline.judging.review import Rules
from pipeline.people.enrol import enrol_person
from pipeline.people.withdraw import withdraw
from storage.access.accounts import Role
from storage.access.audit import entries
from storage.database.database import reading


@pytest.fixture
def case_id(house: House, tmp_path: Path) -> int:
    return stage(house, tmp_path / "footage")


@pytest.fixture
def analyst(house: House) -> httpx.Client:
    return house.visit_as(Role.ANALYST)


def take_back(house: House, case_id: int, photo: str) -> None:
    """Withdraw a photo, and compare what is left."""
    withdraw(caller(house.site.database), case_id, PERSON, photo)
    match_person(1, house.site.context)


def test_what_came_with_the_first_photo_is_new(case_id: int, analyst: httpx.Client) -> None:
    page = analyst.get(f"/cases/{case_id}/changes").text
    assert page.count("<td>new</td>") == 3
    assert "a photo was added (<bdi>uid:1</bdi>)" in page
    assert "1 photo compared with 4 appearances" in page
    assert "Red &lt;b&gt;&amp; Co&lt;/b&gt;" in page
    assert f'href="/cases/{case_id}/candidates/1/1"' in page
    assert f'href="/cases/{case_id}/changes"' in analyst.get(f"/cases/{case_id}").text


def test_what_somebody_decided_on_and_went_is_to_be_looked_at_again(
    house: House, case_id: int, analyst: httpx.Client
) -> None:
    review_first(house, case_id, "cy", Rules())
    take_back(house, case_id, "red.png")
    page = analyst.get(f"/cases/{case_id}/changes").text
    assert (page.count("<td>gone</td>"), page.count("<td>yes</td>")) == (3, 1)
    assert "<b>1</b> needs re-review" in page
    assert "a photo was withdrawn" in page
    assert "/candidates/1/1" not in page  # there is no page of what is gone


def test_all_runs_after_one_are_told_together(
    house: House, case_id: int, analyst: httpx.Client, tmp_path: Path
) -> None:
    photo = paint_photo(tmp_path / "another.png", RED, side=120)
    engine = house.site.context.engine_for(house.site.plan)
    asks = caller(house.site.database)
    enrol_person(asks, case_id, PERSON, [photo], engine=engine, context=house.site.context)
    match_person(1, house.site.context)
    take_back(house, case_id, "red.png")
    page = analyst.get(f"/cases/{case_id}/changes?since=1").text
    assert "All comparisons after run 1" in page
    assert [f"Run {number}," in page for number in (1, 2, 3)] == [False, True, True]
    missing = analyst.get(f"/cases/{case_id}/changes?since=99")
    assert (missing.status_code, "No run 99" in missing.text) == (400, True)


def test_a_look_is_in_the_log(house: House, case_id: int, analyst: httpx.Client) -> None:
    analyst.get(f"/cases/{case_id}/changes")
    with reading(house.site.database) as session:
        last = list(entries(session))[-1]
    assert (last.action, last.case_id) == ("candidates_viewed", case_id)
    assert '"what":"changes"' in last.objects


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.SUPERVISOR, 200), (Role.REVIEWER, 403), (Role.OPERATOR, 403), (Role.AUDITOR, 403)],
)
def test_reviewers_are_blind_to_it(house: House, case_id: int, role: Role, status: int) -> None:
    assert house.visit_as(role).get(f"/cases/{case_id}/changes").status_code == status


def test_a_case_that_is_not_there_is_refused(case_id: int, analyst: httpx.Client) -> None:
    assert analyst.get(f"/cases/{case_id + 9}/changes").status_code in (403, 404)
