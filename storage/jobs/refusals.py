"""Rejected files of the watched folder and rejected uploads, with the reasons."""

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
    """A rejected file of the watched folder, as it was when rejected."""

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
    """A rejected file of the watched folder, or a rejected upload."""

    name: str
    """Safe to show."""
    reason: str
    refused_at: datetime
    upload_id: str | None = None
    """None for a file of the watched folder."""


def add(session: Session, refusal: Refusal) -> bool:
    """Store a refusal; replaces an earlier one of the same path.

    Returns False, and changes nothing, if the same file was rejected for the same reason before.
    """
    path = os.fsencode(refusal.path)
    before = session.exec(select(tables.Refusal).where(col(tables.Refusal.path) == path)).first()
    if before is not None and _what(_refusal(before)) == _what(refusal):
        return False
    row = {name: getattr(refusal, name) for name in Refusal.__slots__} | {"path": path}
    insert_or_update(session, tables.Refusal, [row], key=["path"])
    return True


def all_refusals(session: Session) -> list[Refusal]:
    """All refusals, latest first."""
    order = (col(tables.Refusal.refused_at).desc(), col(tables.Refusal.id).desc())
    return [_refusal(row) for row in session.exec(select(tables.Refusal).order_by(*order))]


def forget(session: Session, paths: Iterable[str]) -> None:
    """Delete the refusals of these paths, if there are any."""
    for path in paths:
        session.exec(delete(tables.Refusal).where(col(tables.Refusal.path) == os.fsencode(path)))


def refused_files(
    session: Session, *, since: datetime = _ALWAYS, account_id: int | None = None
) -> list[RefusedFile]:
    """Files rejected at `since` or later, by time; with `account_id`, only that account's uploads.

    Uploads are kept for a month, files of the watched folder for as long as they are in it.
    """
    files = [
        RefusedFile(upload.name, upload.reason or "", upload.touched_at, upload.id)
        for upload in session.exec(_refused_uploads(since))
        if account_id in (None, upload.account_id)
    ]
    if account_id is None:
        rows = session.exec(select(tables.Refusal).where(col(tables.Refusal.refused_at) >= since))
        files += [RefusedFile(row.name, row.reason, row.refused_at) for row in rows]
    return sorted(files, key=lambda file: (file.refused_at, file.name))


def count(session: Session) -> int:
    """The number of rejected files, including uploads."""
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
