"""Which workers are counted as alive."""

from datetime import timedelta

from rows import NOW
from sqlmodel import select

from storage.database.database import Engine, reading, writing
from storage.jobs.workers import SILENT, Fleet, fleet, report, sign_off
from storage.tables import Worker


def test_nobody_is_alive_before_the_first_report(database: Engine) -> None:
    with reading(database) as session:
        assert fleet(session, NOW) == Fleet(0, 0)


def test_two_workers_of_one_machine_are_one_machine(database: Engine) -> None:
    with writing(database) as session:
        report(session, "a", "harbour", 2, NOW)
        report(session, "b", "harbour", 3, NOW)
        report(session, "c", "yard", 4, NOW)
        report(session, "c", "yard", 4, NOW)
        assert fleet(session, NOW) == Fleet(9, 2)


def test_who_stopped_or_fell_silent_is_not_counted(database: Engine) -> None:
    with writing(database) as session:
        report(session, "stopped", "harbour", 2, NOW)
        report(session, "silent", "yard", 3, NOW)
        sign_off(session, "stopped")
        assert fleet(session, NOW + SILENT) == Fleet(3, 1)
        assert fleet(session, NOW + SILENT + timedelta(seconds=1)) == Fleet(0, 0)


def test_who_is_long_gone_is_forgotten(database: Engine) -> None:
    with writing(database) as session:
        report(session, "old", "harbour", 2, NOW)
        report(session, "new", "harbour", 2, NOW + timedelta(days=2))
        assert [row.name for row in session.exec(select(Worker))] == ["new"]
