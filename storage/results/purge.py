"""What is purged with a case, a person or a recording, or when bystanders' retention time ends.

The foreign keys delete dependent rows. They are also followed here, to count those rows and to
find their pictures beforehand.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import numpy as np
import sqlalchemy
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, update
from sqlmodel import Session, col, select

from storage.cases.cases import ended_before, has_ended
from storage.cases.sealed_vectors import opened, with_keys
from storage.database.database import Engine, scrub_tables
from storage.files.keys import Keyring
from storage.jobs.states import ENDED
from storage.tables import (
    Analysis,
    Appearance,
    Candidate,
    Case,
    CaseRecording,
    DataKey,
    Person,
    Recording,
    Reference,
    Segment,
    Sighting,
    Table,
    Upload,
)
from storage.vectors.vector_index import forget_vectors

Doomed: TypeAlias = Mapping[sqlalchemy.Table, ColumnElement[bool]]
"""For each table that loses rows, which rows."""
_PERSONAL = {"vector", "sealed_vector", "wrapped", "crops"}
"""Columns with personal data: their tables are rewritten if a database keeps deleted rows."""
_WITH_PICTURES: tuple[type[Table], ...] = (Sighting, Appearance, Reference)


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be purged, in the order of deletion."""

    rows: Mapping[type[Table], ColumnElement[bool]]
    case_id: int | None = None
    """The case that is purged; its own row stays, as a record that it existed."""
    thins: ColumnElement[bool] | None = None
    """Analyses that lose part of their appearances."""


def everything_of_case(case_id: int) -> Target:
    """People, photos, candidates and verdicts of a case, and footage of no other case."""
    others = exists().where(
        col(CaseRecording.recording_id) == col(Recording.id), col(CaseRecording.case_id) != case_id
    )
    its_own = select(CaseRecording.recording_id).where(col(CaseRecording.case_id) == case_id)
    return Target(
        {
            **_footage_rows(and_(col(Recording.id).in_(its_own), ~others)),
            Person: col(Person.case_id) == case_id,
            CaseRecording: col(CaseRecording.case_id) == case_id,
            DataKey: col(DataKey.case_id) == case_id,
        },
        case_id,
    )


def person(person_id: int) -> Target:
    """One person with photos, candidates and verdicts."""
    return Target({Person: col(Person.id) == person_id})


def recordings(*recording_ids: int) -> Target:
    """Recordings with all their results."""
    return Target(_footage_rows(col(Recording.id).in_(recording_ids)))


def bystanders(*, watched_before: datetime, now: datetime) -> Target:
    """Appearances that are no one's candidate, in footage of no case or of ended cases only.

    Only of analyses that finished before `watched_before`.
    """
    held = select(CaseRecording.recording_id).join(Case).where(~has_ended(now))
    old = and_(
        col(Analysis.finished_at) < watched_before,
        col(Analysis.thinned_at).is_(None),
        col(Analysis.state).in_(ENDED),
        ~col(Analysis.recording_id).in_(held),
    )
    ids = select(Analysis.id).where(old)
    wanted = exists().where(col(Candidate.appearance_id) == col(Appearance.id))
    of_old = col(Sighting.segment_id).in_(
        select(Segment.id).where(col(Segment.analysis_id).in_(ids))
    )
    return Target(
        {Sighting: of_old, Appearance: and_(col(Appearance.analysis_id).in_(ids), ~wanted)},
        thins=old,
    )


def ended_cases(session: Session, before: datetime) -> list[int]:
    """The ids of cases that ended before `before` and were not purged."""
    ended = select(Case.id).where(ended_before(before), col(Case.purged_at).is_(None))
    return list(session.exec(ended.order_by(col(Case.id))))


def doomed(target: Target) -> Doomed:
    """The rows that are deleted, in all tables."""
    found: dict[sqlalchemy.Table, ColumnElement[bool]] = {}
    roots = {_table(table): condition for table, condition in target.rows.items()}
    for table in Table.metadata.sorted_tables:
        conditions = [*_orphaned(table, found), *([roots[table]] if table in roots else [])]
        if conditions:
            found[table] = or_(*conditions)
    return found


def counts(session: Session, going: Doomed) -> dict[str, int]:
    """How many rows of each table are deleted; tables that lose none are left out."""
    numbers = {table.name: _count(session, table, which) for table, which in going.items()}
    return {name: number for name, number in numbers.items() if number}


def pictures(session: Session, target: Target, going: Doomed) -> set[str]:
    """The names of pictures that no row refers to once these rows are deleted."""
    tables = [table for table in map(_table, _WITH_PICTURES) if table in going]
    gone = {name for table in tables for name in _crops(session, table, going[table])}
    if target.thins is None:
        return gone
    thinned = col(Appearance.analysis_id).in_(select(Analysis.id).where(target.thins))
    appearances = _table(Appearance)
    return gone - set(_crops(session, appearances, and_(thinned, ~going[appearances])))


def vectors(session: Session, going: Doomed, limit: int) -> list[NDArray[np.float32]]:
    """Up to `limit` unsealed vectors that are deleted, of each table that has any."""
    return list(_some(session, going, ["vector"], limit))


def sealed(session: Session, going: Doomed, limit: int) -> list[bytes]:
    """Up to `limit` sealed vectors that are deleted, and as many of their wrapped keys."""
    return list(_some(session, going, ["sealed_vector", "wrapped"], limit))


def opened_vectors(
    session: Session, going: Doomed, limit: int, *, keys: Keyring
) -> list[NDArray[np.float32]]:
    """Up to `limit` of the sealed vectors that are deleted, unsealed.

    Raises WrongUsage under a different master key.
    """
    which = going.get(_table(Reference))
    if which is None:
        return []
    found = opened(keys, session.exec(with_keys().where(which).limit(limit)))
    return [vector for vector in found if vector is not None]


def footage(session: Session, going: Doomed) -> list[str]:
    """The footage paths of recordings that are deleted."""
    which = going.get(_table(Recording))
    if which is None:
        return []
    return [os.fsdecode(path) for path in session.exec(select(Recording.path).where(which))]


def erase(session: Session, target: Target, now: datetime) -> None:
    """Delete the rows; deleting again changes nothing."""
    for table, which in target.rows.items():
        session.connection().execute(delete(table).where(which))
    if target.thins is not None:
        session.exec(update(Analysis).where(target.thins).values(thinned_at=now))
    if target.case_id is not None:
        case = session.get_one(Case, target.case_id)
        case.purged_at = case.purged_at or now


def scrub(database: Engine) -> list[str]:
    """Remove deleted data from the database's files; returns what could not be done, and why."""
    forget_vectors(database)
    tables = Table.metadata.sorted_tables
    return scrub_tables(
        database, [table.name for table in tables if not _PERSONAL.isdisjoint(table.c.keys())]
    )


def _footage_rows(which: ColumnElement[bool]) -> dict[type[Table], ColumnElement[bool]]:
    # The foreign key would keep an upload for its user, and with it the file's name.
    uploaded = col(Upload.recording_id).in_(select(Recording.id).where(which))
    return {Upload: uploaded, Recording: which}


def _orphaned(table: sqlalchemy.Table, going: Doomed) -> Iterator[ColumnElement[bool]]:
    for key in table.foreign_keys:
        if key.ondelete == "CASCADE" and key.column.table in going:
            parents = sqlalchemy.select(key.column).where(going[key.column.table])
            yield key.parent.in_(parents)


def _some(session: Session, going: Doomed, columns: Sequence[str], limit: int) -> Iterator[Any]:
    for table, which in going.items():
        for column in (table.c[name] for name in columns if name in table.c):
            statement = sqlalchemy.select(column).where(which, column.is_not(None))
            yield from session.execute(statement.limit(limit)).scalars()


def _count(session: Session, table: sqlalchemy.Table, which: ColumnElement[bool]) -> int:
    statement = sqlalchemy.select(func.count()).select_from(table).where(which)
    return int(session.execute(statement).scalar_one())


def _crops(session: Session, table: sqlalchemy.Table, which: ColumnElement[bool]) -> Iterator[str]:
    names = table.c.crops if "crops" in table.c else table.c.crop
    for (value,) in session.execute(sqlalchemy.select(names).where(which)):
        yield from value if isinstance(value, list) else filter(None, [value])


def _table(table: type[Table]) -> sqlalchemy.Table:
    return sqlalchemy.inspect(table).local_table  # type: ignore[no-any-return]
