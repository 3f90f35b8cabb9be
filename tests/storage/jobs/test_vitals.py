"""What the ledger says of its own health."""

from datetime import timedelta
from pathlib import Path

import pytest
from rows import NOW, PLAN, found, presence, segments
from sqlalchemy import Engine

from footage.coverage import Coverage
from storage.database.database import reading, writing
from storage.jobs import ledger
from storage.jobs.canaries import last_done, show_life
from storage.jobs.recordings import add
from storage.jobs.vitals import RecentWork, Vitals, vitals
from storage.tables import Analysis, Priority, Refusal, State

SEEN = Coverage(250, 20, 10_000, ())
MINUTE = timedelta(minutes=1)


def vitals_of(database: Engine, seconds: float = 0.0) -> Vitals:
    """Read some time after everything was asked for."""
    with reading(database) as session:
        return vitals(session, NOW + timedelta(seconds=seconds))


@pytest.fixture
def analysis_id(database: Engine) -> int:
    """Four segments of ten seconds: one done in 6 s, one given up, one at work, one waiting."""
    with writing(database) as session:
        added = add(session, found(), segments=segments(4), now=NOW, **PLAN)
        for segment_id in (1, 2, 3):
            ledger.claim(session, segment_id, "anna", 60, NOW)
        ledger.finish(session, 1, "anna", SEEN, [presence()], NOW + MINUTE / 10)
        ledger.record_failure(session, 2, "anna", "ffmpeg died.", True)
        return added.analysis_id


def test_an_empty_ledger_is_read(database: Engine) -> None:
    seen = vitals_of(database)
    assert (seen.segments, seen.analyses, seen.waiting_since, seen.canaries) == ({}, {}, {}, {})
    assert (seen.lease_until, seen.finished_at, seen.quarantined_at) == ({}, None, None)
    assert seen.recent == RecentWork(0, 0.0, 0.0)
    assert (seen.paused, seen.repeats, seen.overdue_leases, seen.refused) == (0, 0, 0, 0)


@pytest.mark.usefixtures("analysis_id")
def test_segments_are_counted_and_measured_by_state(database: Engine) -> None:
    seen = vitals_of(database)
    states = (State.DONE, State.QUARANTINED, State.RUNNING, State.WAITING)
    assert seen.segments == dict.fromkeys(states, 1)
    assert seen.footage_ms == dict.fromkeys(states, 10_000)
    assert seen.analyses == {State.RUNNING: 1}


@pytest.mark.usefixtures("analysis_id")
def test_moments_come_back_as_they_were(database: Engine) -> None:
    seen = vitals_of(database)
    assert seen.lease_until == {"default": NOW + MINUTE}
    assert seen.finished_at == NOW + MINUTE / 10
    assert seen.quarantined_at == NOW


@pytest.mark.usefixtures("analysis_id")
def test_work_of_the_last_hour_is_measured_and_earlier_work_is_not(database: Engine) -> None:
    assert vitals_of(database, 60).recent == RecentWork(10_000, 6.0, 6.0)
    assert vitals_of(database, 3700).recent == RecentWork(0, 0.0, 0.0)


@pytest.mark.usefixtures("analysis_id")
def test_a_lease_that_ran_out_is_overdue(database: Engine) -> None:
    assert vitals_of(database, 59).overdue_leases == 0
    assert vitals_of(database, 60).overdue_leases == 1


@pytest.mark.usefixtures("analysis_id")
def test_attempts_beyond_the_first_are_repeats(database: Engine) -> None:
    with writing(database) as session:
        ledger.record_failure(session, 3, "anna", "ffmpeg died.", False)
        ledger.claim(session, 3, "bert", 60, NOW)
    assert vitals_of(database).repeats == 1


def test_the_oldest_waiting_recording_tells_the_age_of_its_queue(database: Engine) -> None:
    with writing(database) as session:
        for minutes, sha256 in enumerate("abcd"):
            asked_at = NOW + minutes * MINUTE
            add(session, found(sha256 * 64), segments=segments(1), now=asked_at, **PLAN)
        urgent, paused = (session.get_one(Analysis, id) for id in (2, 1))
        urgent.priority, urgent.any_time, paused.paused_at = Priority.URGENT, True, NOW

    seen = vitals_of(database)

    assert seen.waiting_since == {
        Priority.URGENT: NOW + MINUTE,
        Priority.OVERNIGHT: NOW + 2 * MINUTE,
    }
    assert seen.any_time_since == NOW + MINUTE
    assert seen.paused == 1


def test_refused_files_are_counted(database: Engine, tmp_path: Path) -> None:
    with writing(database) as session:
        refused = {"size_bytes": 1, "modified_ns": 1, "reason": "No video.", "refused_at": NOW}
        session.add(Refusal(path=bytes(tmp_path / "a.mp4"), name="a.mp4", **refused))
    assert vitals_of(database).refused == 1


def test_a_queue_shows_when_it_was_last_served(database: Engine) -> None:
    with writing(database) as session:
        show_life(session, "nightreel", NOW)
        show_life(session, "upkeep", NOW)
        show_life(session, "nightreel", NOW + MINUTE)
    with reading(database) as session:
        assert last_done(session) == {"nightreel": NOW + MINUTE, "upkeep": NOW}
    assert vitals_of(database).canaries["nightreel"] == NOW + MINUTE
