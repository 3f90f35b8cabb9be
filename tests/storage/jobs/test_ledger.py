"""No segment is lost, none is committed by two, and each one ends."""

import threading
from datetime import timedelta

import numpy as np
import pytest
from rows import NOW, PLAN, found, presence, segments
from sqlalchemy import Engine, func
from sqlmodel import Session, select

from errors import LeaseLost
from footage.coverage import Coverage
from storage import tables
from storage.database.database import reading, writing
from storage.jobs import control, ledger, reaper
from storage.jobs.recordings import add
from storage.tables import State
from storage.vectors.appearances import sightings

LEASE = 60
LATER = NOW + timedelta(seconds=LEASE)
SEEN = Coverage(decoded_frames=300, sampled_frames=20, decoded_ms=10_000, gaps=())


@pytest.fixture
def analysis_id(database: Engine) -> int:
    """An analysis of three segments, whose ids are 1, 2 and 3."""
    with writing(database) as session:
        return add(session, found(), segments=segments(3), now=NOW, **PLAN).analysis_id


def claim(session: Session, segment_id: int, owner: str = "anna", now=NOW):
    return ledger.claim(session, segment_id, owner, LEASE, now)


def segment(session: Session, segment_id: int) -> tables.Segment:
    return session.get_one(tables.Segment, segment_id, populate_existing=True)


def analysis_state(engine: Engine, analysis_id: int) -> State:
    with reading(engine) as session:
        return session.get_one(tables.Analysis, analysis_id).state


@pytest.mark.usefixtures("analysis_id")
class TestClaim:
    def test_a_waiting_segment_is_claimed_and_its_analysis_runs(self, database: Engine) -> None:
        with writing(database) as session:
            claimed = claim(session, 1)
        assert claimed is not None
        assert (claimed.id, claimed.attempt) == (1, 1)
        assert analysis_state(database, claimed.analysis_id) is State.RUNNING

    def test_a_segment_that_is_someone_elses_is_not_claimed(self, database: Engine) -> None:
        with writing(database) as session:
            claim(session, 1, "anna")
            assert claim(session, 1, "boris", LATER - timedelta(seconds=1)) is None
            assert segment(session, 1).lease_owner == "anna"

    def test_a_lease_that_ran_out_is_claimed_by_another(self, database: Engine) -> None:
        with writing(database) as session:
            claim(session, 1, "anna")
            taken_over = claim(session, 1, "boris", LATER)
        assert taken_over is not None
        assert taken_over.attempt == 2

    def test_a_heartbeat_keeps_the_segment(self, database: Engine) -> None:
        with writing(database) as session:
            claim(session, 1, "anna")
            assert ledger.heartbeat(session, 1, "anna", LEASE, NOW + timedelta(seconds=30))
            assert claim(session, 1, "boris", LATER) is None

    def test_a_heartbeat_tells_that_the_segment_was_taken_over(self, database: Engine) -> None:
        with writing(database) as session:
            claim(session, 1, "anna")
            claim(session, 1, "boris", LATER)
            assert not ledger.heartbeat(session, 1, "anna", LEASE, LATER)

    def test_a_done_segment_is_not_claimed(self, database: Engine) -> None:
        with writing(database) as session:
            claim(session, 1)
            ledger.finish(session, 1, "anna", SEEN, [], NOW)
            assert claim(session, 1) is None

    def test_a_segment_that_was_purged_is_not_claimed(self, database: Engine) -> None:
        with writing(database) as session:
            assert claim(session, 99) is None

    def test_of_many_who_claim_at_once_one_gets_it(self, database: Engine) -> None:
        claims = []

        def work(owner: str) -> None:
            with writing(database) as session:
                claims.append(claim(session, 1, owner))

        run_at_once([lambda owner=str(number): work(owner) for number in range(8)])
        assert sum(claimed is not None for claimed in claims) == 1


class TestFinish:
    def test_the_rows_and_the_state_arrive_together(
        self, database: Engine, analysis_id: int
    ) -> None:
        gaps = Coverage(290, 19, 9_700, ((4_000, 4_300),))
        with writing(database) as session:
            claim(session, 2)
            ledger.finish(session, 2, "anna", gaps, [presence(10_000), presence(15_000)], NOW)
        with reading(database) as session:
            done = segment(session, 2)
            assert (done.state, done.finished_at) == (State.DONE, NOW)
            assert (done.decoded_frames, done.sampled_frames, done.faces) == (290, 19, 8)
            assert (done.decoded_ms, done.gaps) == (9_700, [[4_000, 4_300]])
            stored = sightings(session, analysis_id)
        assert [(index, seen.start_ms) for index, seen in stored] == [(1, 10_000), (1, 15_000)]
        assert np.array_equal(stored[0][1].vector, presence(10_000).vector)
        assert stored[0][1].crops == presence(10_000).crops
        assert stored[0][1].box == presence(10_000).box

    def test_the_last_open_segment_is_told_once(self, database: Engine, analysis_id: int) -> None:
        last = []
        for segment_id in (1, 2, 3):
            with writing(database) as session:
                claim(session, segment_id)
                last.append(ledger.finish(session, segment_id, "anna", SEEN, [], NOW))
        assert last == [False, False, True]
        assert analysis_state(database, analysis_id) is State.MATCHING

    def test_of_two_who_finish_the_last_two_at_once_one_is_the_last(
        self, database: Engine, analysis_id: int
    ) -> None:
        with writing(database) as session:
            for segment_id in (1, 2, 3):
                claim(session, segment_id)
        last = []

        def work(segment_id: int) -> None:
            with writing(database) as session:
                seen = [presence(start_ms) for start_ms in range(50)]
                last.append(ledger.finish(session, segment_id, "anna", SEEN, seen, NOW))

        run_at_once([lambda id=id: work(id) for id in (1, 2, 3)])
        assert sorted(last) == [False, False, True]
        assert analysis_state(database, analysis_id) is State.MATCHING

    def test_a_lease_that_another_took_over_may_not_commit(
        self, database: Engine, analysis_id: int
    ) -> None:
        with writing(database) as session:
            claim(session, 1, "anna")
            claim(session, 1, "boris", LATER)
        with pytest.raises(LeaseLost, match="another worker"), writing(database) as session:
            ledger.finish(session, 1, "anna", SEEN, [presence()], LATER)
        with reading(database) as session:
            assert sightings(session, analysis_id) == []
            assert segment(session, 1).lease_owner == "boris"

    def test_a_late_result_counts_while_nobody_took_over(
        self, database: Engine, analysis_id: int
    ) -> None:
        with writing(database) as session:
            claim(session, 1)
            ledger.finish(session, 1, "anna", SEEN, [presence()], LATER + timedelta(hours=1))
            assert len(sightings(session, analysis_id)) == 1

    def test_a_late_result_is_dropped_once_the_lease_was_given_back(
        self, database: Engine, analysis_id: int
    ) -> None:
        with writing(database) as session:
            claim(session, 1)
            reaper.expired(session, LATER)
        with pytest.raises(LeaseLost), writing(database) as session:
            ledger.finish(session, 1, "anna", SEEN, [presence()], LATER)
        with reading(database) as session:
            assert sightings(session, analysis_id) == []

    def test_finishing_twice_equals_finishing_once(
        self, database: Engine, analysis_id: int
    ) -> None:
        with writing(database) as session:
            claim(session, 1)
            ledger.finish(session, 1, "anna", SEEN, [presence(0), presence(5)], NOW)
            once = segment(session, 1).model_dump()
        with writing(database) as session:
            ledger.finish(session, 1, "anna", SEEN, [presence(0), presence(5)], NOW)
        with reading(database) as session:
            assert segment(session, 1).model_dump() == once
            assert [seen.start_ms for _, seen in sightings(session, analysis_id)] == [0, 5]

    def test_a_second_run_replaces_the_rows_of_the_first(
        self, database: Engine, analysis_id: int
    ) -> None:
        with writing(database) as session:
            claim(session, 1)
            ledger.finish(session, 1, "anna", SEEN, [presence(0), presence(5)], NOW)
            ledger.finish(session, 1, "anna", SEEN, [presence(7)], NOW)
            assert [seen.start_ms for _, seen in sightings(session, analysis_id)] == [7]


@pytest.mark.usefixtures("analysis_id")
class TestStopsAndFailures:
    def test_an_orderly_stop_does_not_count_as_an_attempt(self, database: Engine) -> None:
        with writing(database) as session:
            claim(session, 1)
            assert ledger.release(session, 1, "anna")
            assert not ledger.release(session, 1, "anna")
            assert (segment(session, 1).state, segment(session, 1).attempts) == (State.WAITING, 0)

    def test_a_failure_is_tried_again(self, database: Engine) -> None:
        with writing(database) as session:
            claim(session, 1)
            assert not ledger.record_failure(session, 1, "anna", "ffmpeg died.", False)
            waiting = segment(session, 1)
            assert (waiting.state, waiting.reason) == (State.WAITING, "ffmpeg died.")
            assert waiting.asked_at is None

    def test_three_failures_end_in_quarantine(self, database: Engine) -> None:
        with writing(database) as session:
            for _ in range(3):
                assert claim(session, 1) is not None
                ledger.record_failure(session, 1, "anna", "ffmpeg died.", False)
            assert claim(session, 1) is None
            given_up = segment(session, 1)
            assert (given_up.state, given_up.reason) == (State.QUARANTINED, "ffmpeg died.")

    def test_a_permanent_failure_is_not_tried_again(self, database: Engine) -> None:
        with writing(database) as session:
            claim(session, 1)
            ledger.record_failure(session, 1, "anna", "The file has changed.", True)
            assert segment(session, 1).state is State.QUARANTINED

    def test_what_was_given_up_can_be_tried_again(self, database: Engine, analysis_id: int) -> None:
        with writing(database) as session:
            for segment_id in (1, 2, 3):
                claim(session, segment_id)
                ledger.record_failure(session, segment_id, "anna", "No.", segment_id == 1)
            assert control.retry(session, [analysis_id]) == [1]
            assert control.retry(session, [analysis_id]) == []
            assert (segment(session, 1).state, segment(session, 1).attempts) == (State.WAITING, 0)

    def test_an_analysis_that_is_tried_again_is_concluded_again(
        self, database: Engine, analysis_id: int
    ) -> None:
        with writing(database) as session:
            for segment_id in (1, 2, 3):
                claim(session, segment_id)
                ledger.record_failure(session, segment_id, "anna", "No.", True)
            assert ledger.conclude(session, analysis_id, NOW) is State.FAILED
            for segment_id in control.retry(session, [analysis_id]):
                claim(session, segment_id)
                ledger.finish(session, segment_id, "anna", SEEN, [], NOW)
            assert ledger.conclude(session, analysis_id, NOW) is State.DONE

    def test_a_failure_of_someone_who_lost_the_segment_is_not_recorded(
        self, database: Engine
    ) -> None:
        with writing(database) as session:
            claim(session, 1, "anna")
            claim(session, 1, "boris", LATER)
        with pytest.raises(LeaseLost), writing(database) as session:
            ledger.record_failure(session, 1, "anna", "ffmpeg died.", False)

    def test_the_last_failure_makes_the_analysis_ready_to_match(
        self, database: Engine, analysis_id: int
    ) -> None:
        with writing(database) as session:
            ends = []
            for segment_id in (1, 2, 3):
                claim(session, segment_id)
                ends.append(ledger.record_failure(session, segment_id, "anna", "No.", True))
        assert ends == [False, False, True]
        assert analysis_state(database, analysis_id) is State.MATCHING

    def test_a_silent_worker_loses_its_segments(self, database: Engine) -> None:
        with writing(database) as session:
            claim(session, 1)
            claim(session, 2)
            ledger.heartbeat(session, 2, "anna", LEASE, LATER)
            assert reaper.expired(session, LATER) == [1]
            assert reaper.expired(session, LATER) == []
            assert (segment(session, 1).state, segment(session, 1).attempts) == (State.WAITING, 1)

    def test_a_segment_that_kills_every_worker_is_quarantined(self, database: Engine) -> None:
        now = NOW
        with writing(database) as session:
            for attempt in (1, 2, 3):
                claimed = claim(session, 1, f"worker {attempt}", now)
                assert claimed is not None
                now += timedelta(seconds=LEASE)
                assert reaper.expired(session, now) == ([1] if attempt < 3 else [])
            assert claim(session, 1, "worker 4", now) is None
            assert segment(session, 1).reason == "The worker died 3 times on this segment."

    def test_it_is_not_claimed_a_fourth_time_even_before_the_sweep(self, database: Engine) -> None:
        with writing(database) as session:
            for attempt in range(3):
                now = NOW + attempt * timedelta(seconds=LEASE)
                assert claim(session, 1, f"worker {attempt}", now) is not None
            assert claim(session, 1, "worker 4", now + timedelta(seconds=LEASE)) is None


class TestConclude:
    @pytest.mark.parametrize(
        ("endings", "state"),
        [
            (["seen", "seen", "seen"], State.DONE),
            (["seen", "gaps", "seen"], State.GAPS),
            (["seen", "seen", "failed"], State.GAPS),
            (["failed", "failed", "failed"], State.FAILED),
            (["empty", "empty", "failed"], State.FAILED),
            (["empty", "seen", "seen"], State.DONE),
        ],
    )
    def test_an_analysis_ends_as_its_segments_did(
        self, database: Engine, analysis_id: int, endings: list[str], state: State
    ) -> None:
        coverages = {
            "seen": SEEN,
            "gaps": Coverage(200, 15, 8_000, ((0, 2_000),)),
            "empty": Coverage(0, 0, 0, ()),
        }
        with writing(database) as session:
            for segment_id, ending in enumerate(endings, start=1):
                claim(session, segment_id)
                if ending == "failed":
                    ledger.record_failure(session, segment_id, "anna", "No.", True)
                else:
                    ledger.finish(session, segment_id, "anna", coverages[ending], [], NOW)
            assert ledger.conclude(session, analysis_id, NOW) is state
            assert ledger.conclude(session, analysis_id, LATER) is state
        with reading(database) as session:
            assert session.get_one(tables.Analysis, analysis_id).finished_at == NOW

    def test_an_analysis_with_open_segments_goes_on(
        self, database: Engine, analysis_id: int
    ) -> None:
        with writing(database) as session:
            claim(session, 1)
            assert ledger.conclude(session, analysis_id, NOW) is State.RUNNING


def test_removing_a_recording_removes_all_that_hangs_on_it(
    database: Engine, analysis_id: int
) -> None:
    with writing(database) as session:
        claim(session, 1)
        ledger.finish(session, 1, "anna", SEEN, [presence()], NOW)
        analysis = session.get_one(tables.Analysis, analysis_id)
        session.delete(session.get_one(tables.Recording, analysis.recording_id))
    with reading(database) as session:
        for table in (tables.Analysis, tables.Segment, tables.Sighting):
            assert session.exec(select(func.count()).select_from(table)).one() == 0


def run_at_once(jobs) -> None:
    barrier = threading.Barrier(len(jobs))

    def start(job) -> None:
        barrier.wait()
        job()

    threads = [threading.Thread(target=start, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
