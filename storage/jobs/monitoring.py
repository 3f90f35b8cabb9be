"""What the monitor keeps between its looks at the ledger, whether it is restarted or not."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlmodel import Session, select

from storage import tables
from storage.database.upsert import insert_if_new
from storage.jobs.night import watched_ms_between

BREAK = timedelta(minutes=15)
"""A monitor that was away for longer has not seen what happened meanwhile."""
SETTLED = timedelta(minutes=1)
"""A segment's end is written a little after the moment that it names."""
_ONLY = 1
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Monitoring:
    """As it stands."""

    looking_since: datetime
    """The monitor has looked since then, without a break."""
    watched_ms: int
    """All footage that was ever watched; it never falls, whatever is purged."""


def note_look(session: Session, now: datetime) -> None:
    """The monitor looks at the ledger; count what was watched since its last look."""
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
    """What the monitor has seen; None where none ever looked."""
    row = session.get(tables.Monitoring, _ONLY)
    return Monitoring(row.looking_since, row.watched_ms) if row else None
