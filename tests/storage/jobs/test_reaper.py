"""Segments of dead workers are taken back; who silenced three workers is given up."""

import pytest
from rows import NOW, PLAN, found, segments
from sqlalchemy import Engine

from storage import tables
from storage.database.database import reading, writing
from storage.jobs import ledger, reaper
from storage.jobs.recordings import add
from storage.tables import State

LEASE = 60


@pytest.fixture(autouse=True)
def recording(database: Engine) -> None:
    with writing(database) as session:
        add(session, found(), segments=segments(3), now=NOW, **PLAN)
        ledger.claim(session, 1, "anna", LEASE, NOW)
        ledger.claim(session, 2, "boris", LEASE, NOW)


def test_whoever_holds_a_segment_is_an_owner(database: Engine) -> None:
    with reading(database) as session:
        assert sorted(reaper.owners(session)) == ["anna", "boris"]


def test_what_a_dead_owner_held_is_taken_back_before_its_lease_ends(database: Engine) -> None:
    with writing(database) as session:
        assert reaper.abandoned(session, ["anna", "nobody"]) == [1]
        assert reaper.owners(session) == ["boris"]
        assert session.get_one(tables.Segment, 1).attempts == 1


def test_without_a_death_nothing_is_taken_back(database: Engine) -> None:
    with writing(database) as session:
        assert reaper.abandoned(session, []) == []
        assert reaper.expired(session, NOW) == []


def test_a_segment_that_killed_three_workers_is_given_up(database: Engine) -> None:
    with writing(database) as session:
        for dead, next_one in (("anna", "clara"), ("clara", "doris")):
            assert reaper.abandoned(session, [dead]) == [1]
            ledger.claim(session, 1, next_one, LEASE, NOW)
        assert reaper.abandoned(session, ["doris"]) == []
        row = session.get_one(tables.Segment, 1, populate_existing=True)
        assert (row.state, row.attempts) == (State.QUARANTINED, 3)
        assert row.reason == "The worker died 3 times on this segment."
