"""Files that were not taken, each with its reason: of the watched folder, and uploads."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, col, delete, func, select

from storage import tables
from storage.database.upsert import insert_or_update
from storage.jobs.uploads import Stage

_ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)


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


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """A file that was refused, however it came."""

    name: str
    """Safe to show."""
    reason: str
    refused_at: datetime
    upload_id: str | None = None
    """None for a file of the watched folder."""


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


def refused_files(
    session: Session, *, since: datetime = _ALWAYS, account_id: int | None = None
) -> list[RefusedFile]:
    """Those that were refused then or later, in that order; of an account, its uploads only.

    Uploads are remembered for a month, files of the watched folder for as long as they lie there.
    """
    found = [
        RefusedFile(one.name, one.reason or "", one.touched_at, one.id)
        for one in session.exec(_refused_uploads(since))
        if account_id in (None, one.account_id)
    ]
    if account_id is None:
        rows = session.exec(select(tables.Refusal).where(col(tables.Refusal.refused_at) >= since))
        found += [RefusedFile(row.name, row.reason, row.refused_at) for row in rows]
    return sorted(found, key=lambda one: (one.refused_at, one.name))


def count(session: Session) -> int:
    """How many there are, uploads among them."""
    folder = session.exec(select(func.count()).select_from(tables.Refusal)).one()
    uploaded = _refused_uploads(_ALWAYS).with_only_columns(func.count(col(tables.Upload.id)))
    return int(folder + session.exec(uploaded).one())


def _refused_uploads(since: datetime) -> Any:
    refused = col(tables.Upload.stage) == Stage.REFUSED
    return select(tables.Upload).where(refused, col(tables.Upload.touched_at) >= since)


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
