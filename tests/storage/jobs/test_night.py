"""What came of the last hours, as storage tells it."""

from datetime import timedelta

from rows import NOW, PLAN, found, segments
from sqlalchemy import Engine
from sqlmodel import Session

from footage.coverage import Coverage
from storage.database.database import reading, writing
from storage.jobs import control, ledger, night
from storage.jobs.recordings import add
from storage.jobs.refusals import RefusedFile, refused_files
from storage.tables import Refusal, State

SEEN = Coverage(decoded_frames=300, sampled_frames=20, decoded_ms=10_000, gaps=())
LATER = NOW + timedelta(hours=1)


def add_recording(session: Session, letter: str = "a", number: int = 2) -> int:
    """An analysis with segments of ten seconds, whose ids begin at 1."""
    file = found(letter * 64, f"/footage/{letter}.mp4")
    return add(session, file, segments=segments(number), now=NOW, **PLAN).analysis_id


def watch(session: Session, segment_id: int, now=NOW, coverage: Coverage = SEEN) -> None:
    ledger.claim(session, segment_id, "anna", 60, now)
    ledger.finish(session, segment_id, "anna", coverage, [], now)


def give_up(session: Session, segment_id: int) -> None:
    ledger.claim(session, segment_id, "anna", 60, NOW)
    ledger.record_failure(session, segment_id, "anna", "The footage was changed.", True)


def test_everything_is_counted_and_added_up(database: Engine) -> None:
    with writing(database) as session:
        add_recording(session, "a", number=3)
        cancelled, _ = add_recording(session, "b"), add_recording(session, "c")
        control.cancel(session, [cancelled], NOW)
        watch(session, 1)
        give_up(session, 2)
    with reading(database) as session:
        all_there_is = night.totals(session)
    assert all_there_is.states == {State.RUNNING: 1, State.CANCELLED: 1, State.WAITING: 1}
    assert (all_there_is.done_ms, all_there_is.remaining_ms) == (20_000, 30_000)


def test_without_footage_there_is_nothing_to_add_up(database: Engine) -> None:
    with reading(database) as session:
        assert night.totals(session) == night.Totals({}, 0, 0)
        assert night.watched_ms_since(session, NOW) == 0


def test_what_ended_is_told_from_a_moment_on(database: Engine) -> None:
    with writing(database) as session:
        for letter, segment_id, at in (("a", 1, NOW), ("b", 2, LATER)):
            analysis_id = add_recording(session, letter, number=1)
            watch(session, segment_id, at)
            ledger.conclude(session, analysis_id, at)
    with reading(database) as session:
        (only,) = night.ended_since(session, LATER)
        assert len(night.ended_since(session, NOW)) == 2
    assert (only.name, only.state, only.finished_at) == ("b.mp4", State.DONE, LATER)


def test_footage_counts_from_when_it_was_watched_its_recording_finished_or_not(
    database: Engine,
) -> None:
    with writing(database) as session:
        add_recording(session, number=3)
        watch(session, 1, NOW)
        watch(session, 2, LATER)
    with reading(database) as session:
        assert night.watched_ms_since(session, LATER) == 10_000


def test_gaps_are_told_as_soon_as_a_segment_is_given_up(database: Engine) -> None:
    with writing(database) as session:
        whole, gaps = add_recording(session, "a"), add_recording(session, "b")
        watch(session, 1)
        give_up(session, 3)
    with reading(database) as session:
        assert night.with_gaps_since(session, LATER) == [gaps]
    assert whole != gaps


def test_gaps_of_what_ended_earlier_are_not_told_again(database: Engine) -> None:
    with writing(database) as session:
        analysis_id = add_recording(session, number=1)
        give_up(session, 1)
        ledger.conclude(session, analysis_id, NOW)
        assert night.with_gaps_since(session, NOW) == [analysis_id]
        assert night.with_gaps_since(session, LATER) == []


def test_refused_files_are_told_from_a_moment_on(database: Engine) -> None:
    with writing(database) as session:
        for name, at in (("old.mp4", NOW), ("new.mp4", LATER)):
            session.add(
                Refusal(
                    path=name.encode(),
                    name=name,
                    size_bytes=1,
                    modified_ns=1,
                    reason="The file is empty.",
                    refused_at=at,
                )
            )
    with reading(database) as session:
        assert refused_files(session, since=LATER) == [
            RefusedFile("new.mp4", "The file is empty.", LATER)
        ]
