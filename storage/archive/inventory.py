"""What a database holds and which files it names: what a whole copy of an archive consists of."""

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
    """One state of a database."""

    version: str
    """Of its tables."""
    rows: Mapping[str, int]
    """By table."""
    entries: int
    """Of the audit log."""
    pictures: frozenset[str]
    """Names, as `media.path_of` takes them."""
    footage: tuple[Path, ...]
    """Where recordings lie, or did when they were added."""
    uploads: Mapping[str, bool]
    """Those that are not footage yet, by id; whether all bytes have come."""
    is_sealed: bool
    """Whether it needs the master key."""


def take(session: Session) -> Inventory:
    """Everything of the state that a session sees."""
    return Inventory(
        version=tables_version(session),
        rows=count_rows(session),
        entries=number_of_entries(session),
        pictures=frozenset(crop_names(session)),
        footage=tuple(Path(os.fsdecode(one)) for one in session.exec(select(Recording.path))),
        uploads=_uploads(session),
        is_sealed=session.exec(select(DataKey.id).limit(1)).first() is not None,
    )


def count_rows(session: Session) -> dict[str, int]:
    """How many rows each table has, those of later versions left out."""
    there = sqlalchemy.inspect(session.connection()).get_table_names()
    known = [table for table in Table.metadata.sorted_tables if table.name in there]
    counts = {table.name: sqlalchemy.select(func.count()).select_from(table) for table in known}
    return {name: session.execute(count).scalar_one() for name, count in counts.items()}


def tables_version(session: Session) -> str:
    """Which migration the tables are of."""
    return str(session.execute(sqlalchemy.text("select version_num from alembic_version")).scalar())


def was_erased_since(session: Session, entries: int) -> bool:
    """Whether people or footage were erased after so many entries of the audit log."""
    later = select(AuditEntry.id).where(
        col(AuditEntry.id) > entries, col(AuditEntry.action).in_(_ERASES)
    )
    return session.exec(later.limit(1)).first() is not None


def _uploads(session: Session) -> dict[str, bool]:
    waiting = col(Upload.stage).in_([Stage.COMING, Stage.ARRIVED])
    found = session.exec(select(Upload.id, Upload.stage).where(waiting))
    return {id: stage == Stage.ARRIVED for id, stage in found}
