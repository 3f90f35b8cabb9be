"""A notice is written once and sent once."""

from datetime import datetime, timedelta

from rows import NOW
from sqlalchemy import Engine

from storage.database.database import reading, writing
from storage.jobs.notices import FIRST_PAUSE, MAX_ATTEMPTS, announce, due, latest, record_attempt


def keys_due(database: Engine, now: datetime) -> list[str]:
    """Whose turn it is."""
    with reading(database) as session:
        return [notice.key for notice in due(session, now)]


def test_the_same_key_is_the_same_notice(database: Engine) -> None:
    with writing(database) as session:
        assert announce(session, "night:1", "night_ended", {"done": 3}, NOW)
        assert not announce(session, "night:1", "night_ended", {"done": 4}, NOW)
    with reading(database) as session:
        (notice,) = due(session, NOW)
    assert (notice.kind, notice.body, notice.created_at) == ("night_ended", {"done": 3}, NOW)


def test_what_was_sent_is_not_sent_again(database: Engine) -> None:
    with writing(database) as session:
        announce(session, "night:1", "night_ended", {}, NOW)
        record_attempt(session, 1, sent_at=NOW)
        assert not announce(session, "night:1", "night_ended", {}, NOW)
    assert keys_due(database, NOW + timedelta(days=1)) == []


def test_what_failed_is_tried_again_after_longer_and_longer_pauses(database: Engine) -> None:
    with writing(database) as session:
        announce(session, "night:1", "night_ended", {}, NOW)
    turns, now = [], NOW
    for _ in range(4):
        while not keys_due(database, now):
            now += FIRST_PAUSE
        turns.append((now - NOW) // FIRST_PAUSE)
        with writing(database) as session:
            record_attempt(session, 1, sent_at=None)
    assert turns == [0, 1, 3, 7]


def test_what_failed_ten_times_is_given_up(database: Engine) -> None:
    with writing(database) as session:
        announce(session, "night:1", "night_ended", {}, NOW)
        for _ in range(MAX_ATTEMPTS):
            record_attempt(session, 1, sent_at=None)
    assert keys_due(database, NOW + timedelta(days=365)) == []


def test_the_latest_notice_is_that_of_its_own_subject(database: Engine) -> None:
    with writing(database) as session:
        for key in ("stale:upkeep:1", "stale:upkeep:2", "stale:nightreel:3", "stalemate:4"):
            announce(session, key, "needs_help", {}, NOW)
    with reading(database) as session:
        found = latest(session, "stale:upkeep")
        assert found is not None
        assert found.key == "stale:upkeep:2"
        assert latest(session, "disk") is None
