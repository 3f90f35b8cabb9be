"""Which workers are alive, on any machine: each reports itself every few seconds."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, delete, func, select

from storage.database.upsert import insert_or_update
from storage.tables import Worker

REPORT_SECONDS = 15
SILENT = timedelta(seconds=4 * REPORT_SECONDS)
"""A worker that has not reported for this long counts as gone."""
FORGOTTEN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Fleet:
    """The worker processes that are alive, and how many machines or containers they run on."""

    processes: int
    machines: int


def report(session: Session, name: str, machine: str, processes: int, now: datetime) -> None:
    """A worker, whose `name` no other ever had, is alive; those long gone are forgotten."""
    row = {"name": name, "machine": machine, "processes": processes, "seen_at": now}
    insert_or_update(session, Worker, [row], key=["name"])
    session.exec(delete(Worker).where(col(Worker.seen_at) < now - FORGOTTEN))


def sign_off(session: Session, name: str) -> None:
    """A worker has stopped in order."""
    session.exec(delete(Worker).where(col(Worker.name) == name))


def fleet(session: Session, now: datetime) -> Fleet:
    """Those who reported lately. A worker that was killed still counts for a minute."""
    machines = func.count(func.distinct(col(Worker.machine)))
    lately = col(Worker.seen_at) >= now - SILENT
    processes, machine_count = session.exec(
        select(func.coalesce(func.sum(col(Worker.processes)), 0), machines).where(lately)
    ).one()
    return Fleet(int(processes), machine_count)
