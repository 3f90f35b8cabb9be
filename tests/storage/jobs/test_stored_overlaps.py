"""Fingerprints go with their segments, links with their recordings; twice equals once."""

import pytest
from passers import Street
from rows import NOW, PLAN, found, segments
from sqlalchemy import Engine
from sqlmodel import func, select

from footage.alignment import Overlap
from footage.coverage import Coverage
from storage import tables
from storage.database.database import Session, reading, writing
from storage.jobs import ledger
from storage.jobs.control import cancel, forget
from storage.jobs.overlaps import (
    glimpses_of,
    marks_by_recording,
    remember_glimpses,
    remember_overlap,
    same_footage,
    with_earlier,
)
from storage.jobs.recordings import add
from storage.tables import State

LINK = Overlap(offset_ms=-5_000, start_ms=0, end_ms=20_000, agreement=0.9)
BETTER = Overlap(offset_ms=-5_050, start_ms=0, end_ms=25_000, agreement=0.95)
STREET = Street(seed=1, seconds=30)


@pytest.fixture
def watched(database: Engine) -> list[int]:
    """Three recordings; the first two were watched, the third only half."""
    ids = []
    with writing(database) as session:
        for number in range(3):
            known = add(session, found(f"{number}" * 64, f"/{number}.mp4"),
                        segments=segments(2), now=NOW, **PLAN)  # fmt: skip
            ids.append(known.recording_id)
            _watch(session, known.analysis_id, 2 if number < 2 else 1)
    return ids


def _watch(session: Session, analysis_id: int, how_many: int) -> None:
    statement = select(tables.Segment.id).filter_by(analysis_id=analysis_id)
    for place, segment_id in enumerate(session.exec(statement).all()[:how_many]):
        assert ledger.claim(session, segment_id, "anna", 60, NOW)
        coverage = Coverage(100, 20, 10_000, ())
        ledger.finish(session, segment_id, "anna", coverage, [], NOW)
        remember_glimpses(session, segment_id, STREET.glimpses(10 * place, 10 * place + 10))


def test_glimpses_are_joined_in_order_and_remembered_once(
    database: Engine, watched: list[int]
) -> None:
    with writing(database) as session:
        remember_glimpses(session, 1, STREET.glimpses(0, 10))
    with reading(database) as session:
        assert len(glimpses_of(session, watched[0]).times_ms) == 40
        marks = dict(marks_by_recording(session, watched[0]))
    assert list(marks) == [watched[0]]
    assert len(marks[watched[0]].steps) > 20


def test_what_is_still_being_watched_is_not_compared(database: Engine, watched: list[int]) -> None:
    with reading(database) as session:
        assert [id for id, _ in marks_by_recording(session)] == watched[:2]


def test_a_recording_seen_under_two_plans_is_compared_once(
    database: Engine, watched: list[int]
) -> None:
    other = {"plan_key": "f" * 16, "plan_body": '{"engine": "stub"}'}
    with writing(database) as session:
        again = add(session, found("0" * 64), segments=segments(2), now=NOW, **other)
        _watch(session, again.analysis_id, 2)
    with reading(database) as session:
        assert [id for id, _ in marks_by_recording(session)] == watched[:2]


def test_what_another_version_remembered_is_not_compared(
    database: Engine, watched: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.jobs.overlaps.VERSION", 999)
    with reading(database) as session:
        assert list(marks_by_recording(session)) == []
        assert len(glimpses_of(session, watched[0]).times_ms) == 0


def test_a_link_made_twice_is_there_once_as_it_was_found_last(
    database: Engine, watched: list[int]
) -> None:
    first, second, third = watched
    for overlap in (LINK, BETTER):
        with writing(database) as session:
            remember_overlap(session, first, second, overlap)
    with reading(database) as session:
        [known] = same_footage(session, watched)
        assert same_footage(session, [first, third]) == []
    assert known.overlap == BETTER
    assert (known.first, known.second) == ("0.mp4", "1.mp4")


def test_a_link_goes_with_either_recording(database: Engine, watched: list[int]) -> None:
    with writing(database) as session:
        remember_overlap(session, watched[0], watched[1], LINK)
        forget(session, [watched[1]])
    with reading(database) as session:
        assert same_footage(session, watched) == []
        assert _count(session, tables.Fingerprint) == 3


def test_what_is_cancelled_leaves_no_fingerprint(database: Engine, watched: list[int]) -> None:
    with writing(database) as session:
        analyses = session.exec(select(tables.Analysis.id).filter_by(recording_id=watched[2]))
        cancel(session, list(analyses), NOW)
    with reading(database) as session:
        assert _count(session, tables.Fingerprint) == 4
        states = session.exec(select(tables.Analysis.state).filter_by(recording_id=watched[2]))
        assert list(states) == [State.CANCELLED]


def _count(session: Session, table: type[tables.Table]) -> int:
    return session.exec(select(func.count()).select_from(table)).one()


def test_what_was_added_before_is_found_over_every_link(
    database: Engine, watched: list[int]
) -> None:
    first, second, third = watched
    with writing(database) as session:
        remember_overlap(session, first, second, LINK)
        remember_overlap(session, second, third, LINK)
    with reading(database) as session:
        assert with_earlier(session, [third]) == {first, second, third}
        assert with_earlier(session, [second]) == {first, second}
