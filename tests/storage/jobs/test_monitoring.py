"""What the monitor keeps between its looks."""

from datetime import timedelta

from rows import NOW, PLAN, found, presence, segments

from footage.coverage import Coverage
from storage.database.database import Engine, Session, reading, writing
from storage.jobs import ledger
from storage.jobs.control import cancel
from storage.jobs.monitoring import BREAK, SETTLED, monitoring, note_look
from storage.jobs.recordings import add

MINUTE = timedelta(minutes=1)
SEEN = Coverage(250, 20, 10_000, ())


def watch(session: Session, segment_id: int) -> None:
    """Ten seconds of footage, to the end, just now."""
    assert ledger.claim(session, segment_id, "anna", 60, NOW)
    ledger.finish(session, segment_id, "anna", SEEN, [presence()], NOW)


def test_nobody_has_looked_yet(database: Engine) -> None:
    with reading(database) as session:
        assert monitoring(session) is None


def test_a_short_break_is_none(database: Engine) -> None:
    with writing(database) as session:
        for moment in (NOW, NOW + BREAK):
            note_look(session, moment)
            assert monitoring(session).looking_since == NOW  # type: ignore[union-attr]
        note_look(session, NOW + BREAK + BREAK + MINUTE)
        assert monitoring(session).looking_since == NOW + 2 * BREAK + MINUTE  # type: ignore[union-attr]


def test_footage_watched_is_counted_once_and_stays_counted(database: Engine) -> None:
    def counted(moment: timedelta) -> int:
        note_look(session, NOW + moment)
        return monitoring(session).watched_ms  # type: ignore[union-attr]

    with writing(database) as session:
        analysis_id = add(session, found(), **PLAN, segments=segments(), now=NOW).analysis_id
        watch(session, 1)
        assert counted(SETTLED) == 0  # its end may not all be written
        assert [counted(SETTLED + n * MINUTE) for n in (1, 2)] == [10_000, 10_000]
        cancel(session, [analysis_id], NOW)
        assert counted(SETTLED + 3 * MINUTE) == 10_000
