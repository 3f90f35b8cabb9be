"""Which workers are alive, on all machines: each reports every `REPORT_SECONDS`."""

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
    """The number of live worker processes, and of machines or containers they run on."""

    processes: int
    machines: int


def report(session: Session, name: str, machine: str, processes: int, now: datetime) -> None:
    """Store that a worker, with a unique `name`, is alive; delete workers silent for a day."""
    row = {"name": name, "machine": machine, "processes": processes, "seen_at": now}
    insert_or_update(session, Worker, [row], key=["name"])
    session.exec(delete(Worker).where(col(Worker.seen_at) < now - FORGOTTEN))


def sign_off(session: Session, name: str) -> None:
    """Delete a worker that stopped in an orderly way."""
    session.exec(delete(Worker).where(col(Worker.name) == name))


def fleet(session: Session, now: datetime) -> Fleet:
    """The workers that reported recently. A worker that was killed still counts for a minute."""
    machines = func.count(func.distinct(col(Worker.machine)))
    lately = col(Worker.seen_at) >= now - SILENT
    processes, machine_count = session.exec(
        select(func.coalesce(func.sum(col(Worker.processes)), 0), machines).where(lately)
    ).one()
    return Fleet(int(processes), machine_count)
