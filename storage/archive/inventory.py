"""The contents of a database and the files it names: what a full copy of an archive consists of."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy
from sqlalchemy import func
from sqlmodel import Session, col, select

from storage.access.audit import Action, number_of_entries
from storage.files.crops import crop_names
from storage.jobs.uploads import Stage
from storage.tables import AuditEntry, DataKey, Recording, Table, Upload

_ERASES = (Action.PURGED, Action.PERSON_WITHDRAWN)


@dataclass(frozen=True, slots=True)
class Inventory:
    """The contents of a database at one time."""

    version: str
    """Schema version of its tables."""
    rows: Mapping[str, int]
    """Number of rows by table."""
    entries: int
    """Number of entries in the audit log."""
    pictures: frozenset[str]
    """Names of pictures, as `media.path_of` takes them."""
    footage: tuple[Path, ...]
    """Paths of recordings, as last known."""
    uploads: Mapping[str, bool]
    """Uploads that are not footage yet: whether all bytes have arrived, by id."""
    is_sealed: bool
    """Whether it needs the master key."""


def take(session: Session) -> Inventory:
    """The inventory of the state that a session sees."""
    return Inventory(
        version=tables_version(session),
        rows=count_rows(session),
        entries=number_of_entries(session),
        pictures=frozenset(crop_names(session)),
        footage=tuple(Path(os.fsdecode(path)) for path in session.exec(select(Recording.path))),
        uploads=_uploads(session),
        is_sealed=session.exec(select(DataKey.id).limit(1)).first() is not None,
    )


def count_rows(session: Session) -> dict[str, int]:
    """The number of rows by table; tables of later versions are left out."""
    existing = sqlalchemy.inspect(session.connection()).get_table_names()
    tables = [table for table in Table.metadata.sorted_tables if table.name in existing]
    counts = {table.name: sqlalchemy.select(func.count()).select_from(table) for table in tables}
    return {name: session.execute(count).scalar_one() for name, count in counts.items()}


def tables_version(session: Session) -> str:
    """The schema version of the tables."""
    return str(session.execute(sqlalchemy.text("select version_num from alembic_version")).scalar())


def was_erased_since(session: Session, entries: int) -> bool:
    """Whether people or footage were purged after the audit log had this many entries."""
    later = select(AuditEntry.id).where(
        col(AuditEntry.id) > entries, col(AuditEntry.action).in_(_ERASES)
    )
    return session.exec(later.limit(1)).first() is not None


def _uploads(session: Session) -> dict[str, bool]:
    waiting = col(Upload.stage).in_([Stage.COMING, Stage.ARRIVED])
    rows = session.exec(select(Upload.id, Upload.stage).where(waiting))
    return {id: stage == Stage.ARRIVED for id, stage in rows}
