"""Canaries, tasks that show that their queue is served."""

from datetime import datetime

from sqlmodel import Session, select

from storage.database.upsert import insert_or_update
from storage.tables import Canary


def show_life(session: Session, queue: str, now: datetime) -> None:
    """Store that a canary of this queue was done at `now`."""
    insert_or_update(session, Canary, [{"queue": queue, "done_at": now}], key=["queue"])


def last_done(session: Session) -> dict[str, datetime]:
    """When a canary was last done, by queue; queues that were never served are missing."""
    return {row.queue: row.done_at for row in session.exec(select(Canary))}
