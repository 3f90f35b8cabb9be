"""What is told about analyses under way and ended."""

import pytest
from rows import NOW, PLAN, found, presence, segments
from sqlalchemy import Engine

from footage.coverage import Coverage
from storage.database.database import reading, writing
from storage.jobs import ledger
from storage.jobs.progress import Outcome, Progress, outcomes, progress
from storage.jobs.recordings import add
from storage.tables import Priority, State
from storage.vectors.appearances import replace_appearances


@pytest.fixture
def analysis_id(database: Engine) -> int:
    """Four segments of ten seconds: one done with a gap, one given up, one running, one waiting."""
    with writing(database) as session:
        added = add(session, found(), segments=segments(4), now=NOW, **PLAN)
        for segment_id in (1, 2, 3):
            ledger.claim(session, segment_id, "anna", 60, NOW)
        coverage = Coverage(250, 18, 9_000, ((4_000, 5_000),))
        ledger.finish(session, 1, "anna", coverage, [presence(faces=6)], NOW)
        ledger.record_failure(session, 2, "anna", "ffmpeg died.", True)
        replace_appearances(session, added.analysis_id, [presence(), presence(5_000)])
        return added.analysis_id


def test_progress_counts_segments_by_state_and_footage_by_time(
    database: Engine, analysis_id: int
) -> None:
    with reading(database) as session:
        assert progress(session, [analysis_id, 99]) == [
            Progress(
                analysis_id=analysis_id,
                state=State.RUNNING,
                priority=Priority.OVERNIGHT,
                any_time=False,
                paused_at=None,
                of_crops=False,
                segments={
                    State.DONE: 1,
                    State.QUARANTINED: 1,
                    State.RUNNING: 1,
                    State.WAITING: 1,
                },
                done_ms=20_000,
                total_ms=40_000,
            )
        ]


def test_an_outcome_tells_what_was_looked_at_and_what_was_not(
    database: Engine, analysis_id: int
) -> None:
    with reading(database) as session:
        assert outcomes(session, [analysis_id, 99]) == [
            Outcome(
                analysis_id=analysis_id,
                recording_id=1,
                name="gate.mp4",
                sha256="a" * 64,
                duration_ms=30_000,
                plan_key=PLAN["plan_key"],
                state=State.RUNNING,
                decoded_ms=9_000,
                decoded_frames=250,
                sampled_frames=18,
                faces=6,
                appearances=2,
                gaps=[(4_000, 5_000), (10_000, 20_000)],
                reasons=["ffmpeg died."],
            )
        ]


def test_analyses_are_told_apart_and_come_in_the_order_of_their_ids(database: Engine) -> None:
    with writing(database) as session:
        ids = [
            add(session, found(letter * 64), segments=segments(n), now=NOW, **PLAN).analysis_id
            for n, letter in enumerate("bcd")
        ]
    with reading(database) as session:
        assert [p.total_ms for p in progress(session, ids[::-1])] == [0, 10_000, 20_000]
        assert [o.sha256[0] for o in outcomes(session, ids[::-1])] == ["b", "c", "d"]
