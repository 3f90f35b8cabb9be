"""Notices: what people are to be told, once each, kept until it has been sent."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from storage import tables
from storage.database.upsert import insert_if_new

MAX_ATTEMPTS = 10
FIRST_PAUSE = timedelta(seconds=30)
"""After the first attempt; each further pause is twice as long, the last more than two hours."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice as it stands."""

    id: int
    key: str
    kind: str
    body: dict[str, Any]
    created_at: datetime
    sent_at: datetime | None
    attempts: int

    @property
    def next_attempt_at(self) -> datetime:
        """When it is its turn (again)."""
        return self.created_at + FIRST_PAUSE * ((1 << self.attempts) - 1)


def announce(session: Session, key: str, kind: str, body: dict[str, Any], now: datetime) -> bool:
    """Write a notice to be sent; False when there was one of this key, sent or not."""
    return insert_if_new(
        session, tables.Notice, key=key, kind=kind, body=body, created_at=now, attempts=0
    )


def due(session: Session, now: datetime) -> list[Notice]:
    """Notices to be sent by now, the oldest first; given up after `MAX_ATTEMPTS`."""
    open_ones = select(tables.Notice).where(
        col(tables.Notice.sent_at).is_(None), col(tables.Notice.attempts) < MAX_ATTEMPTS
    )
    found = map(_notice, session.exec(open_ones.order_by(col(tables.Notice.id))))
    return [notice for notice in found if notice.next_attempt_at <= now]


def record_attempt(session: Session, notice_id: int, *, sent_at: datetime | None) -> None:
    """Count an attempt at sending; `sent_at` is None where it failed."""
    attempts = col(tables.Notice.attempts) + 1
    chosen = update(tables.Notice).where(col(tables.Notice.id) == notice_id)
    session.exec(chosen.values(attempts=attempts, sent_at=sent_at))


def latest(session: Session, about: str) -> Notice | None:
    """The newest notice whose key begins with `about` and a colon."""
    statement = select(tables.Notice).where(
        col(tables.Notice.key).startswith(f"{about}:", autoescape=True)
    )
    found = session.exec(statement.order_by(col(tables.Notice.id).desc()).limit(1)).first()
    return _notice(found) if found else None


def _notice(row: tables.Notice) -> Notice:
    return Notice(**{name: getattr(row, name) for name in Notice.__slots__})
