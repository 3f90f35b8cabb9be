"""What a forecast is made of."""

from datetime import timedelta

from rows import NOW, PLAN, found, segments
from sqlalchemy import Engine
from sqlmodel import Session

from footage.coverage import Coverage
from storage.database.database import reading, writing
from storage.jobs import control, ledger, pace
from storage.jobs.recordings import add
from storage.tables import Analysis, Priority

SEEN = Coverage(decoded_frames=300, sampled_frames=20, decoded_ms=10_000, gaps=())


def add_recording(session: Session, letter: str = "a", number: int = 2, **changes: object) -> int:
    """An analysis with segments of ten seconds, whose ids begin at 1."""
    file = found(letter * 64, f"/footage/{letter}.mp4", **changes)
    return add(session, file, segments=segments(number), now=NOW, **PLAN).analysis_id


def watch(session: Session, segment_id: int, seconds: int, begin: int = 0) -> None:
    """Let somebody be at a segment for some seconds, beginning some seconds from NOW."""
    begun = NOW + timedelta(seconds=begin)
    assert ledger.claim(session, segment_id, "anna", 60, begun)
    ledger.finish(session, segment_id, "anna", SEEN, [], begun + timedelta(seconds=seconds))


def test_a_done_segment_tells_how_long_its_last_attempt_took(database: Engine) -> None:
    with writing(database) as session:
        add_recording(session)
        ledger.claim(session, 1, "boris", 60, NOW)
        watch(session, 1, seconds=7, begin=60)
    with reading(database) as session:
        (only,) = pace.watched_lately(session)
    assert (only.plan_key, only.plan_body) == (PLAN["plan_key"], PLAN["plan_body"])
    assert (only.width, only.height) == (1920, 1080)
    assert (only.footage_ms, only.work_seconds) == (10_000, 7)


def test_the_newest_segments_are_asked(database: Engine) -> None:
    with writing(database) as session:
        add_recording(session, number=3)
        for segment_id, begin in ((1, 50), (2, 100), (3, 0)):
            watch(session, segment_id, seconds=segment_id, begin=begin)
    with reading(database) as session:
        assert [one.work_seconds for one in pace.watched_lately(session, newest=2)] == [2, 1]


def test_what_waits_and_what_is_being_watched_remains(database: Engine) -> None:
    with writing(database) as session:
        half, whole = add_recording(session, "a"), add_recording(session, "b", number=3)
        done = add_recording(session, "c", number=1)
        watch(session, 1, 7)
        watch(session, 6, 7)
        ledger.claim(session, 2, "anna", 60, NOW)
    with reading(database) as session:
        work = pace.remaining_work(session)
    assert [(one.analysis_id, one.footage_ms) for one in work] == [(half, 10_000), (whole, 30_000)]
    assert done not in [one.analysis_id for one in work]


def test_urgent_work_comes_first_and_the_rest_in_order(database: Engine) -> None:
    with writing(database) as session:
        first, second, third = (add_recording(session, letter) for letter in "abc")
        control.set_priority(session, [third], Priority.URGENT, any_time=True)
        control.pause(session, [second], NOW)
    with reading(database) as session:
        work = pace.remaining_work(session)
    assert [one.analysis_id for one in work] == [third, first, second]
    assert [one.any_time for one in work] == [True, False, False]
    assert [one.paused for one in work] == [False, False, True]


def test_what_was_cancelled_does_not_remain(database: Engine) -> None:
    with writing(database) as session:
        control.cancel(session, [add_recording(session)], NOW)
        assert pace.remaining_work(session) == []


def test_open_work_is_told_when_it_is_wanted_by(database: Engine) -> None:
    tomorrow = NOW + timedelta(hours=9)
    with writing(database) as session:
        open_one, done = add_recording(session, "a"), add_recording(session, "b", number=1)
        watch(session, 3, 7)
        pace.set_due(session, [open_one, done], tomorrow)
    with reading(database) as session:
        assert [one.due_at for one in pace.remaining_work(session)] == [tomorrow]
        assert session.get_one(Analysis, done).due_at is None
