"""A user states when footage was recorded, after it was added."""

from datetime import timedelta

import pytest
from callers import caller
from rows import NOW, PLAN, found, segments
from sqlalchemy import Engine

from errors import NotFound, WrongUsage
from pipeline.intake.dating import date_recording
from storage.access.audit import entries
from storage.database.database import reading, writing
from storage.database.moments import milliseconds
from storage.jobs.recordings import add
from storage.tables import Recording

AN_HOUR = timedelta(hours=1)


@pytest.fixture
def store(database: Engine) -> Engine:
    """One recording, whose time nobody says."""
    with writing(database) as session:
        add(session, found(), segments=segments(), now=NOW, **PLAN)
    return database


def test_a_stated_time_is_stored_and_recorded_with_the_one_before(store: Engine) -> None:
    asked = caller(store, now=NOW)
    date_recording(asked, 1, NOW - AN_HOUR)
    date_recording(asked, 1, NOW - 2 * AN_HOUR)
    with reading(store) as session:
        row = session.get_one(Recording, 1)
        said = [(one.action, one.objects) for one in entries(session)]
    assert (row.captured_ms, row.captured_by) == (milliseconds(NOW - 2 * AN_HOUR), "person")
    assert [action for action, _ in said] == ["recording_dated"] * 2
    assert '"before":"2026-03-01T21:00:00' in said[1][1]
    assert '"captured":"2026-03-01T20:00:00' in said[1][1]


def test_a_time_in_the_future_is_not_taken(store: Engine) -> None:
    with pytest.raises(WrongUsage, match="in the future"):
        date_recording(caller(store, now=NOW), 1, NOW + AN_HOUR)
    with reading(store) as session:
        assert session.get_one(Recording, 1).captured_ms is None


def test_a_recording_that_is_not_there_gets_no_time(store: Engine) -> None:
    with pytest.raises(NotFound, match="No such recording"):
        date_recording(caller(store, now=NOW), 9, NOW)
    with reading(store) as session:
        assert list(entries(session)) == []
