"""State of the monitor that is stored between its checks of the ledger, and across restarts."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlmodel import Session, select

from storage import tables
from storage.database.upsert import insert_if_new
from storage.jobs.night import watched_ms_between

BREAK = timedelta(minutes=15)
"""A monitor that did not run for longer than this counts as interrupted."""
SETTLED = timedelta(minutes=1)
"""A segment's end is committed a little later than the time that it states."""
_ONLY = 1
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Monitoring:
    """The current state of the monitor."""

    looking_since: datetime
    """Since when the monitor has run without interruption."""
    watched_ms: int
    """All footage ever processed; it never decreases, whatever is purged."""


def note_look(session: Session, now: datetime) -> None:
    """Store this check by the monitor, and count footage processed since the last one."""
    times = {"looking_since": now, "looked_at": now, "counted_until": _NEVER}
    insert_if_new(session, tables.Monitoring, id=_ONLY, watched_ms=0, **times)
    row = session.exec(select(tables.Monitoring).with_for_update()).one()
    if now - row.looked_at > BREAK:
        row.looking_since = now
    row.looked_at = now
    settled = now - SETTLED
    if settled > row.counted_until:
        row.watched_ms += watched_ms_between(session, row.counted_until, settled)
        row.counted_until = settled


def monitoring(session: Session) -> Monitoring | None:
    """The state of the monitor; None if none ever ran."""
    row = session.get(tables.Monitoring, _ONLY)
    return Monitoring(row.looking_since, row.watched_ms) if row else None
