"""Files of the watched folder that were not taken, each with its reason."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, delete, func, select

from storage import tables
from storage.upsert import insert_or_update


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file that was refused, as it was then."""

    path: str
    """May hold surrogate escapes: names on disk are bytes."""
    name: str
    """Safe to show."""
    size_bytes: int
    modified_ns: int
    reason: str
    refused_at: datetime


def add(session: Session, refusal: Refusal) -> bool:
    """Remember a refusal in place of an earlier one of the same path.

    False when the same file was refused for the same reason before; that is kept as it was.
    """
    path = os.fsencode(refusal.path)
    before = session.exec(select(tables.Refusal).where(col(tables.Refusal.path) == path)).first()
    if before is not None and _what(_refusal(before)) == _what(refusal):
        return False
    row = {name: getattr(refusal, name) for name in Refusal.__slots__} | {"path": path}
    insert_or_update(session, tables.Refusal, [row], key=["path"])
    return True


def all_refusals(session: Session) -> list[Refusal]:
    """Every refusal there is, the latest first."""
    order = (col(tables.Refusal.refused_at).desc(), col(tables.Refusal.id).desc())
    return [_refusal(row) for row in session.exec(select(tables.Refusal).order_by(*order))]


def forget(session: Session, paths: Iterable[str]) -> None:
    """Remove the refusals of these paths, if there are any."""
    for path in paths:
        session.exec(delete(tables.Refusal).where(col(tables.Refusal.path) == os.fsencode(path)))


def count(session: Session) -> int:
    """How many there are."""
    return session.exec(select(func.count()).select_from(tables.Refusal)).one()


def _what(refusal: Refusal) -> tuple[int, int, str]:
    return refusal.size_bytes, refusal.modified_ns, refusal.reason


def _refusal(row: tables.Refusal) -> Refusal:
    return Refusal(
        path=os.fsdecode(row.path),
        name=row.name,
        size_bytes=row.size_bytes,
        modified_ns=row.modified_ns,
        reason=row.reason,
        refused_at=row.refused_at,
    )
