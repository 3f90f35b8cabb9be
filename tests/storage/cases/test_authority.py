"""The database itself holds a case to what authorises it, and a search to the case's footage."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from rows import NOW, PLAN, TERMS, found, presence, segments
from sqlalchemy import Engine, insert
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from storage import tables
from storage.cases.case_terms import open_case
from storage.cases.cases import URGENT, Case, as_case, in_force
from storage.cases.scope import Scope, allowed, within
from storage.cases.sources import ADDED
from storage.database.database import reading, writing
from storage.jobs.recordings import Request, add
from storage.tables import Recording
from storage.vectors.appearances import replace_appearances

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ROW: dict[str, Any] = {
    **TERMS,
    "reference": "A-1",
    "basis_note": "",
    "footage_from": NOW - DAY,
    "footage_until": NOW,
    "needs_authorisation": False,
    "urgent": False,
    "allows_grouping": False,
    "opened_at": NOW,
}
NEEDED = (
    "reference", "legal_basis", "purpose", "requested_by", "sources", "footage_from",
    "footage_until", "needs_authorisation", "opened_at", "expires_at",
)  # fmt: skip
AUTHORISED = {"authorised_by": "J", "authorisation_reference": "7", "authorised_at": NOW}


def put(database: Engine, row: dict[str, Any]) -> None:
    """Past every check of the program's own."""
    table = tables.Case.__table__  # type: ignore[attr-defined]
    with database.execution_options(writes=True).begin() as connection:
        connection.execute(insert(table).values(row))


@pytest.mark.parametrize("name", NEEDED)
def test_the_database_takes_no_case_without_each_of_its_terms(database: Engine, name: str) -> None:
    with pytest.raises(IntegrityError):
        put(database, {field: value for field, value in ROW.items() if field != name})
    put(database, ROW)


@pytest.mark.parametrize(
    "change",
    [
        {"purpose": "  "},
        {"legal_basis": ""},
        {"requested_by": ""},
        {"sources": []},
        {"footage_until": NOW - DAY},
        {"expires_at": NOW},
        {"authorised_at": NOW},
        {"authorised_by": "J"},
    ],
)
def test_the_database_takes_no_case_whose_terms_say_nothing(
    database: Engine, change: dict[str, Any]
) -> None:
    with pytest.raises(IntegrityError):
        put(database, ROW | change)


def test_the_database_and_the_program_agree_on_which_cases_are_in_force(database: Engine) -> None:
    ends: list[dict[str, Any]] = [
        {}, {"closed_at": NOW}, {"authorisation_refused_at": NOW}, {"expires_at": NOW + HOUR},
    ]  # fmt: skip
    permits: list[dict[str, Any]] = [{}, AUTHORISED]
    kinds = [
        {"needs_authorisation": needs, "urgent": urgent}
        for needs, urgent in product((True, False), (True, False))
    ]
    for number, parts in enumerate(product(ends, permits, kinds)):
        put(database, ROW | {"reference": str(number)} | parts[0] | parts[1] | parts[2])
    moments = [NOW, NOW + HOUR, NOW + URGENT - HOUR, NOW + URGENT, NOW + 40 * DAY]
    with reading(database) as session:
        cases = [as_case(row) for row in session.exec(select(tables.Case))]
        for now in moments:
            ids = set(session.exec(select(tables.Case.id).where(in_force(now))))
            assert ids == {case.id for case in cases if case.is_in_force(now)}, now
    assert len(cases) == 32


def footage(database: Engine, name: str, **request: Any) -> int:
    with writing(database) as session:
        asked = Request(**request)
        sha256 = name.encode().hex().ljust(64, "0")
        film = found(sha256, f"/footage/{name}.mp4")
        return add(session, film, segments=segments(), now=NOW, request=asked, **PLAN).recording_id


def case(database: Engine, **changes: Any) -> Case:
    with writing(database) as session:
        return open_case(session, reference="A-1", now=NOW, **TERMS | changes)


def names(database: Engine, of: Case, *, own_only: bool = False) -> set[str]:
    """The footage a case may look at."""
    with reading(database) as session:
        scope = Scope(of, own_only)
        found_names = session.exec(select(col(Recording.name)).where(within(session, scope)))
        return {name.removesuffix(".mp4") for name in found_names}


def test_footage_outside_a_cases_sources_is_not_searched(database: Engine) -> None:
    gate = case(database, sources=["gate"])
    for name in ("gate/1", "yard/gate"):
        footage(database, name)
    footage(database, "brought", case_id=gate.id)
    assert names(database, gate) == {"1", "brought"}
    assert names(database, gate, own_only=True) == {"brought"}


def test_a_case_of_its_own_footage_searches_no_other(database: Engine) -> None:
    own = case(database, sources=[ADDED])
    footage(database, "yard")
    assert names(database, own) == set()
    footage(database, "brought", case_id=own.id)
    assert names(database, own) == {"brought"}


def test_footage_recorded_outside_a_cases_window_is_not_searched(database: Engine) -> None:
    """Each recording is 30 s long."""
    at_noon = datetime(2026, 2, 1, 12, tzinfo=UTC)
    noon = case(database, footage_from=at_noon, footage_until=at_noon + HOUR)
    for name, seconds in {"before": -60, "across": -10, "within": 5, "after": 3600}.items():
        footage(database, name, captured_at=at_noon + timedelta(seconds=seconds))
    footage(database, "undated")
    footage(database, "undated-own", case_id=noon.id)
    footage(database, "own-after", case_id=noon.id, captured_at=at_noon + 2 * HOUR)
    assert names(database, noon) == {"across", "within", "undated-own"}


def test_of_footage_that_reaches_into_the_window_only_that_part_is_searched(
    database: Engine,
) -> None:
    at_noon = datetime(2026, 2, 1, 12, tzinfo=UTC)
    noon = case(database, footage_from=at_noon, footage_until=at_noon + HOUR)
    with writing(database) as session:
        asked = Request(captured_at=at_noon - timedelta(seconds=10))
        added = add(session, found(), segments=segments(), now=NOW, request=asked, **PLAN)
        ids = replace_appearances(session, added.analysis_id, [presence(0), presence(12_000)])
        assert allowed(session, noon, ids) == {ids[1]}


def test_what_a_person_says_of_the_time_goes_before_what_the_file_claims(database: Engine) -> None:
    with writing(database) as session:
        film = found(captured_claimed_ms=1_700_000_000_000, captured_words="as written")
        add(session, film, segments=segments(), now=NOW, **PLAN)
        recording = session.get_one(Recording, 1)
        assert (recording.captured_ms, recording.captured_by) == (1_700_000_000_000, "file")
        asked = Request(captured_at=NOW)
        add(session, film, segments=segments(), now=NOW, request=asked, **PLAN)
        assert recording.captured_ms == int(NOW.timestamp()) * 1000
        assert (recording.captured_by, recording.captured_words) == ("person", "as written")
