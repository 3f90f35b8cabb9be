"""What a case allows is changed on its page."""

import re
from datetime import timedelta
from html import unescape

import httpx
import pytest
from rows import TERMS
from visiting import House

from storage import tables
from storage.access.accounts import Role
from storage.access.audit import entries
from storage.cases.case_terms import Authorisation, authorise, close_case, open_case
from storage.cases.cases import EVER, Case, find_case
from storage.database.database import reading, writing


@pytest.fixture
def place(house: House) -> str:
    """The page of a case that was authorised, whose moments have seconds."""
    end = house.clock() + timedelta(days=3, seconds=7)
    terms = TERMS | {"sources": ["/gate/", "added"], "expires_at": end}
    with writing(house.site.database) as session:
        case = open_case(
            session,
            reference="A-1",
            now=house.clock(),
            needs_authorisation=True,
            authorisation=Authorisation("AG 12", "the court", house.clock()),
            **terms,
        )
    return f"/cases/{case.id}"


@pytest.fixture
def analyst(house: House) -> httpx.Client:
    return house.visit_as(Role.ANALYST)


def filled_in(page: str) -> dict[str, str]:
    """What the form says before anybody changes it."""
    (form,) = re.findall(r'<form[^>]*/change">(.*?)</form>', page, re.DOTALL)
    fields = dict(re.findall(r'<input type="datetime-local" name="(\w+)".*? value="(.*?)"', form))
    (sources,) = re.findall(r"<textarea[^>]*>(.*?)</textarea>", form, re.DOTALL)
    return fields | {"sources": unescape(sources)}


def case_of(house: House) -> Case:
    with reading(house.site.database) as session:
        return find_case(session, "A-1")


def test_a_form_that_is_sent_as_it_is_changes_nothing(
    house: House, place: str, analyst: httpx.Client
) -> None:
    before = case_of(house)
    assert analyst.post(f"{place}/change", data=filled_in(analyst.get(place).text)).is_redirect
    assert case_of(house) == before


def test_what_was_typed_counts_and_the_case_is_authorised_again(
    house: House, place: str, analyst: httpx.Client
) -> None:
    form = filled_in(analyst.get(place).text)
    form |= {"sources": "/yard/ \r\n\r\n", "footage_from": "2020-02-03T04:05"}
    analyst.post(f"{place}/change", data=form)
    after = case_of(house)
    assert (after.sources, after.authorised_at) == (("/yard/",), None)
    assert f"{after.footage_from:%Y-%m-%d %H:%M}" == "2020-02-03 04:05"
    assert analyst.get(place).status_code == 423
    with reading(house.site.database) as session:
        done = [(one.action, one.objects) for one in entries(session)]
    assert ("case_changed", '{"footage_from":true,"sources":true}') in done


def test_a_window_that_was_emptied_leaves_nothing_out(
    house: House, place: str, analyst: httpx.Client
) -> None:
    form = filled_in(analyst.get(place).text)
    analyst.post(f"{place}/change", data=form | {"footage_until": "2020-02-03T04:05"})
    with writing(house.site.database) as session:
        authorise(session, 1, Authorisation("AG 13", "the court", house.clock()))
    assert "before 2020-02-03 04:05 UTC" in analyst.get(place).text
    analyst.post(f"{place}/change", data=form)
    assert case_of(house).footage_until == EVER[1]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"sources": " \n"}, "footage source"),
        ({"footage_from": "yesterday"}, "Invalid date and time"),
        ({"expires_at": "2999-01-01T00:00"}, "at most"),
    ],
)
def test_what_makes_no_sense_is_said_and_changes_nothing(
    house: House, place: str, analyst: httpx.Client, typed: dict[str, str], said: str
) -> None:
    before = case_of(house)
    form = filled_in(analyst.get(place).text)
    answer = analyst.post(f"{place}/change", data=form | typed)
    assert (answer.status_code, said in answer.text) == (400, True)
    assert case_of(house) == before


def test_a_source_of_before_is_explained_and_kept(
    house: House, place: str, analyst: httpx.Client
) -> None:
    not_text = "/caf\udcff"
    with writing(house.site.database) as session:
        session.get_one(tables.Case, 1).sources = ["text:station", not_text]
    page = analyst.get(place).text
    assert "any footage whose path or name contains “station”" in page
    assert "keeps that meaning" in page
    form = filled_in(page)
    form["sources"] += "\nyard"
    assert analyst.post(f"{place}/change", data=form).is_redirect
    assert case_of(house).sources == ("text:station", not_text, "yard")


def test_a_case_is_opened_with_a_recording_period(house: House, analyst: httpx.Client) -> None:
    form = {"reference": "A-1", "legal_basis": "witness-search", "days": 10, "purpose": "a test"}
    analyst.post("/cases", data=form | {"footage_from": "2026-02-03T04:05", "footage_until": ""})
    case = case_of(house)
    assert f"{case.footage_from:%Y-%m-%d %H:%M}" == "2026-02-03 04:05"
    assert case.footage_until == EVER[1]


def test_a_closed_case_offers_no_change_and_takes_none(
    house: House, place: str, analyst: httpx.Client
) -> None:
    with writing(house.site.database) as session:
        close_case(session, 1, house.clock())
    assert f"{place}/change" not in analyst.get(place).text
    assert analyst.post(f"{place}/change", data={"sources": "*"}).status_code == 403
