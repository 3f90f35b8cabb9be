"""A case authorises a search while it is in force, and refuses it in one sentence otherwise."""

from datetime import timedelta

import pytest
from rows import NOW, TERMS
from sqlalchemy import Engine

from errors import NotAuthorised, WrongUsage
from storage.access.audit import Action, record
from storage.cases.case_terms import close_case, open_case
from storage.cases.cases import case_in_force, find_case, list_cases
from storage.database.database import reading, writing

DAY = timedelta(days=1)


def test_an_open_case_is_in_force_until_it_expires(database: Engine) -> None:
    with writing(database) as session:
        case = open_case(session, reference="A-1", now=NOW, **TERMS)
        assert case_in_force(session, case.id, NOW) == case
        assert case.is_in_force(case.expires_at - timedelta(seconds=1))
        assert not case.is_in_force(case.expires_at)
        with pytest.raises(NotAuthorised, match=r"A-1 expired on 2026-03-31 22:00 UTC"):
            case_in_force(session, case.id, case.expires_at)


def test_a_closed_case_is_not_in_force(database: Engine) -> None:
    with writing(database) as session:
        case = open_case(session, reference="A-1", now=NOW, **TERMS)
        closed = close_case(session, case.id, NOW + DAY)
        assert close_case(session, case.id, NOW + 2 * DAY) == closed
        assert find_case(session, "A-1").closed_at == NOW + DAY
        with pytest.raises(NotAuthorised, match=r"closed on 2026-03-02"):
            case_in_force(session, case.id, NOW + 2 * DAY)


def test_an_unknown_case_authorises_nothing(database: Engine) -> None:
    with reading(database) as session:
        with pytest.raises(NotAuthorised, match="No such case"):
            case_in_force(session, 9, NOW)
        with pytest.raises(NotAuthorised, match="No case B-2"):
            find_case(session, "B-2")


def test_opening_a_case_twice_equals_opening_it_once(database: Engine) -> None:
    with writing(database) as session:
        case = open_case(session, reference="A-1", now=NOW, **TERMS)
        assert open_case(session, reference="A-1", now=NOW + DAY, **TERMS) == case
        assert list_cases(session) == [case]


def test_a_case_keeps_the_terms_it_was_opened_on(database: Engine) -> None:
    with writing(database) as session:
        open_case(session, reference="A-1", now=NOW, **TERMS)
    other = TERMS | {"purpose": "out of curiosity"}
    with pytest.raises(WrongUsage, match="other terms"), writing(database) as session:
        open_case(session, reference="A-1", now=NOW, **other)
    with reading(database) as session:
        assert find_case(session, "A-1").purpose == TERMS["purpose"]


def test_a_case_allows_unknown_faces_to_be_grouped_only_if_it_was_opened_so(
    database: Engine,
) -> None:
    with writing(database) as session:
        assert not open_case(session, reference="A-1", now=NOW, **TERMS).allows_grouping
        assert open_case(
            session, reference="A-2", now=NOW, allows_grouping=True, **TERMS
        ).allows_grouping
    with pytest.raises(WrongUsage, match="other terms"), writing(database) as session:
        open_case(session, reference="A-1", now=NOW, allows_grouping=True, **TERMS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"legal_basis": " "}, "needs a reference, a legal basis"),
        ({"requested_by": ""}, "a requester"),
        ({"sources": []}, "at least one footage source"),
        ({"footage_from": NOW, "footage_until": NOW}, "ends before it begins"),
        ({"expires_at": NOW}, "expired already"),
    ],
)
def test_a_case_without_what_authorises_it_is_not_opened(
    database: Engine, change: dict[str, object], message: str
) -> None:
    with pytest.raises(WrongUsage, match=message), writing(database) as session:
        open_case(session, reference="A-1", now=NOW, **TERMS | change)
    with reading(database) as session:
        assert list_cases(session) == []


def test_cases_are_listed_the_newest_first(database: Engine) -> None:
    with writing(database) as session:
        for number in (1, 2):
            open_case(session, reference=f"A-{number}", now=NOW + number * DAY, **TERMS)
        assert [case.reference for case in list_cases(session)] == ["A-2", "A-1"]


def test_a_clock_that_was_set_back_brings_no_case_back_into_force(database: Engine) -> None:
    with writing(database) as session:
        case = open_case(session, reference="2026-117", now=NOW, **TERMS)
        record(session, actor="worker", action=Action.AUDIT_VIEWED, now=case.expires_at)
    with reading(database) as session, pytest.raises(NotAuthorised, match="expired"):
        case_in_force(session, case.id, NOW)
