"""Work that was asked for can be paused, hurried, cancelled, retried and forgotten."""

from datetime import timedelta

import pytest
from rows import NOW, PLAN, TERMS, found, presence, segments
from sqlalchemy import Engine
from sqlmodel import Session, select

from errors import LeaseLost
from footage.coverage import Coverage
from storage import tables
from storage.cases.case_terms import open_case
from storage.database.database import reading, writing
from storage.jobs import control, dispatcher, ledger, listing, reaper
from storage.jobs.recordings import Request, add
from storage.tables import Priority, State
from storage.vectors.appearances import replace_appearances, sightings

LEASE = 60
SEEN = Coverage(decoded_frames=300, sampled_frames=20, decoded_ms=10_000, gaps=((1_000, 2_000),))
URGENT = Request(Priority.URGENT)
FIRST, SECOND = 1, 2
"""Two analyses; their segments are 1 and 2, 3 and 4."""


@pytest.fixture(autouse=True)
def two_recordings(database: Engine) -> None:
    with writing(database) as session:
        for letter in "ab":
            add(session, found(letter * 64), segments=segments(2), now=NOW, **PLAN)


def begin(session: Session, asked_for: int, **how: bool) -> int | None:
    return dispatcher.most_urgent(session, asked_for, NOW, sites=["default"], **how)


def states(session: Session, analysis_id: int) -> set[State]:
    rows = session.exec(select(tables.Segment).filter_by(analysis_id=analysis_id))
    return {row.state for row in rows}


class TestPausing:
    def test_no_segment_of_a_paused_job_is_begun(self, database: Engine) -> None:
        with writing(database) as session:
            assert control.pause(session, [FIRST], NOW) == [FIRST]
            assert begin(session, 1) is None
            assert begin(session, 3) == 3
            assert dispatcher.undispatched(session) == [3, 4]

    def test_a_segment_at_work_is_finished(self, database: Engine) -> None:
        with writing(database) as session:
            ledger.claim(session, 1, "anna", LEASE, NOW)
            control.pause(session, [FIRST], NOW)
            assert ledger.heartbeat(session, 1, "anna", LEASE, NOW)
            ledger.finish(session, 1, "anna", SEEN, [presence()], NOW)
            assert states(session, FIRST) == {State.DONE, State.WAITING}

    def test_pausing_again_keeps_the_first_time(self, database: Engine) -> None:
        with writing(database) as session:
            control.pause(session, [FIRST], NOW)
            control.pause(session, [FIRST], NOW + timedelta(hours=1))
            assert session.get_one(tables.Analysis, FIRST).paused_at == NOW

    def test_a_resumed_job_is_asked_for_again(self, database: Engine) -> None:
        with writing(database) as session:
            dispatcher.mark_asked(session, [1, 2, 3, 4], NOW)
            control.pause(session, [FIRST], NOW)
            assert control.resume(session, [FIRST, SECOND]) == [FIRST]
            assert dispatcher.undispatched(session) == [1, 2]
            assert begin(session, 1) == 1

    def test_an_ended_job_cannot_be_paused(self, database: Engine) -> None:
        with writing(database) as session:
            control.cancel(session, [FIRST], NOW)
            assert control.pause(session, [FIRST], NOW) == []


class TestInterruptedWork:
    def test_what_a_dead_worker_left_goes_first(self, database: Engine) -> None:
        with writing(database) as session:
            ledger.claim(session, 2, "anna", LEASE, NOW)
            reaper.abandoned(session, ["anna"])
            assert begin(session, 3) == 2

    def test_what_failed_by_itself_waits_for_its_turn(self, database: Engine) -> None:
        with writing(database) as session:
            ledger.claim(session, 2, "anna", LEASE, NOW)
            ledger.record_failure(session, 2, "anna", "The share is away.", permanent=False)
            assert begin(session, 3) == 3


class TestPriority:
    def test_an_urgent_job_overtakes_at_the_next_segment(self, database: Engine) -> None:
        with writing(database) as session:
            control.set_priority(session, [SECOND], Priority.URGENT, any_time=False)
            assert begin(session, 1) == 3
            assert dispatcher.undispatched(session) == [3, 4, 1, 2]

    def test_among_urgent_ones_the_one_asked_for_goes_first(self, database: Engine) -> None:
        with writing(database) as session:
            control.set_priority(session, [SECOND], Priority.URGENT, any_time=False)
            assert begin(session, 4) == 4

    def test_an_urgent_job_that_is_paused_overtakes_nothing(self, database: Engine) -> None:
        with writing(database) as session:
            control.set_priority(session, [SECOND], Priority.URGENT, any_time=False)
            control.pause(session, [SECOND], NOW)
            assert begin(session, 1) == 1

    def test_asking_urgently_for_known_footage_hurries_it(self, database: Engine) -> None:
        with writing(database) as session:
            add(session, found("b" * 64), segments=[], now=NOW, request=URGENT, **PLAN)
            assert begin(session, 1) == 3

    def test_asking_again_without_haste_does_not_put_it_off(self, database: Engine) -> None:
        with writing(database) as session:
            for request in (URGENT, Request()):
                add(session, found("b" * 64), segments=[], now=NOW, request=request, **PLAN)
            assert session.get_one(tables.Analysis, SECOND).priority is Priority.URGENT


class TestWindows:
    def test_outside_its_window_nothing_is_begun_or_asked_for(self, database: Engine) -> None:
        with writing(database) as session:
            assert begin(session, 1, window_open=False) is None
            assert dispatcher.undispatched(session, window_open=False) == []

    def test_urgent_work_waits_for_the_window_too(self, database: Engine) -> None:
        with writing(database) as session:
            control.set_priority(session, [FIRST], Priority.URGENT, any_time=False)
            assert begin(session, 1, window_open=False) is None

    def test_what_is_wanted_at_any_time_ignores_the_window(self, database: Engine) -> None:
        with writing(database) as session:
            control.set_priority(session, [FIRST], Priority.URGENT, any_time=True)
            assert begin(session, 3, window_open=False) == 1
            assert dispatcher.undispatched(session, window_open=False) == [1, 2]


class TestCancelling:
    def test_a_cancelled_job_has_seen_nothing(self, database: Engine) -> None:
        with writing(database) as session:
            ledger.claim(session, 1, "anna", LEASE, NOW)
            ledger.finish(session, 1, "anna", SEEN, [presence()], NOW)
            replace_appearances(session, FIRST, [presence()])
        with writing(database) as session:
            assert control.cancel(session, [FIRST], NOW) == [FIRST]
        with reading(database) as session:
            assert session.get_one(tables.Analysis, FIRST).state is State.CANCELLED
            assert states(session, FIRST) == {State.CANCELLED}
            assert sightings(session, FIRST) == []
            assert session.exec(select(tables.Appearance)).all() == []
            row = session.get_one(tables.Segment, 1)
            assert (row.decoded_ms, row.faces, row.gaps, row.finished_at) == (0, 0, [], None)

    def test_whoever_is_at_it_finds_out_and_can_write_nothing(self, database: Engine) -> None:
        with writing(database) as session:
            ledger.claim(session, 1, "anna", LEASE, NOW)
            control.cancel(session, [FIRST], NOW)
        with writing(database) as session:
            assert not ledger.heartbeat(session, 1, "anna", LEASE, NOW)
        with pytest.raises(LeaseLost), writing(database) as session:
            ledger.finish(session, 1, "anna", SEEN, [presence()], NOW)
        with reading(database) as session:
            assert sightings(session, FIRST) == []

    def test_a_cancelled_job_is_not_matched(self, database: Engine) -> None:
        with writing(database) as session:
            assert ledger.may_match(session, FIRST)
            control.cancel(session, [FIRST], NOW)
            assert not ledger.may_match(session, FIRST)
            assert not ledger.may_match(session, 99)

    def test_an_ended_job_keeps_what_was_seen(self, database: Engine) -> None:
        with writing(database) as session:
            for segment_id in (1, 2):
                ledger.claim(session, segment_id, "anna", LEASE, NOW)
                ledger.finish(session, segment_id, "anna", SEEN, [presence()], NOW)
            ledger.conclude(session, FIRST, NOW)
            assert control.cancel(session, [FIRST], NOW) == []
            assert len(sightings(session, FIRST)) == 2

    def test_a_retried_job_begins_again(self, database: Engine) -> None:
        with writing(database) as session:
            dispatcher.mark_asked(session, [1, 2, 3, 4], NOW)
            control.cancel(session, [FIRST], NOW)
            assert control.retry(session, [FIRST]) == [1, 2]
            assert dispatcher.undispatched(session) == [1, 2]
            row = session.get_one(tables.Analysis, FIRST, populate_existing=True)
            assert (row.state, row.finished_at) == (State.WAITING, None)


def test_a_forgotten_recording_leaves_no_row_and_its_worker_can_write_none(
    database: Engine,
) -> None:
    with writing(database) as session:
        ledger.claim(session, 1, "anna", LEASE, NOW)
        assert control.forget(session, [1]) == [1]
    with pytest.raises(LeaseLost), writing(database) as session:
        ledger.finish(session, 1, "anna", SEEN, [presence()], NOW)
    with reading(database) as session:
        assert states(session, FIRST) == set()
        assert session.exec(select(tables.Recording.id)).all() == [2]


def test_footage_of_a_case_is_found_by_it(database: Engine) -> None:
    with writing(database) as session:
        case = open_case(session, reference="2026-1", now=NOW, **TERMS)
        for _ in range(2):
            of_case = Request(case_id=case.id)
            add(session, found("b" * 64), segments=[], now=NOW, request=of_case, **PLAN)
        assert listing.analyses_of_case(session, case.id) == [SECOND]
        assert listing.recordings_of(session, [SECOND]) == [2]


def test_what_was_given_up_is_listed_with_its_reason(database: Engine) -> None:
    with writing(database) as session:
        ledger.claim(session, 2, "anna", LEASE, NOW)
        ledger.record_failure(session, 2, "anna", "ffmpeg died.", permanent=True)
        (row,) = listing.quarantined(session, [FIRST, SECOND])
    assert (row.job, row.segment, row.start_ms, row.attempts) == (FIRST, 1, 10_000, 1)
    assert (row.recording, row.reason) == ("gate.mp4", "ffmpeg died.")
