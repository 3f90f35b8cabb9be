"""Notices: alerts and notifications, each stored until it has been sent once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from storage import tables
from storage.database.upsert import insert_if_new

MAX_ATTEMPTS = 10
FIRST_PAUSE = timedelta(seconds=30)
"""Wait after the first attempt; each further wait is twice as long, the last over two hours."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice with its current state."""

    id: int
    key: str
    kind: str
    body: dict[str, Any]
    created_at: datetime
    sent_at: datetime | None
    attempts: int

    @property
    def next_attempt_at(self) -> datetime:
        """When to try to send it next."""
        return self.created_at + FIRST_PAUSE * ((1 << self.attempts) - 1)


def announce(session: Session, key: str, kind: str, body: dict[str, Any], now: datetime) -> bool:
    """Store a notice to be sent; False if there was already one with this key, sent or not."""
    return insert_if_new(
        session, tables.Notice, key=key, kind=kind, body=body, created_at=now, attempts=0
    )


def due(session: Session, now: datetime) -> list[Notice]:
    """Notices due to be sent, oldest first; a notice is given up after `MAX_ATTEMPTS`."""
    open_ones = select(tables.Notice).where(
        col(tables.Notice.sent_at).is_(None), col(tables.Notice.attempts) < MAX_ATTEMPTS
    )
    notices = map(_notice, session.exec(open_ones.order_by(col(tables.Notice.id))))
    return [notice for notice in notices if notice.next_attempt_at <= now]


def record_attempt(session: Session, notice_id: int, *, sent_at: datetime | None) -> None:
    """Count an attempt at sending; `sent_at` is None if it failed."""
    attempts = col(tables.Notice.attempts) + 1
    chosen = update(tables.Notice).where(col(tables.Notice.id) == notice_id)
    session.exec(chosen.values(attempts=attempts, sent_at=sent_at))


def latest(session: Session, about: str) -> Notice | None:
    """The newest notice whose key begins with `about` and a colon."""
    statement = select(tables.Notice).where(
        col(tables.Notice.key).startswith(f"{about}:", autoescape=True)
    )
    row = session.exec(statement.order_by(col(tables.Notice.id).desc()).limit(1)).first()
    return _notice(row) if row else None


def _notice(row: tables.Notice) -> Notice:
    return Notice(**{name: getattr(row, name) for name in Notice.__slots__})
