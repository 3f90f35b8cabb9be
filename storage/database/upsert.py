"""Insert or ignore, insert or update: by natural key, on SQLite and PostgreSQL alike."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import literal
from sqlmodel import Session

from storage.database.dialect import dialect_of
from storage.tables import Table


def insert_if_new(session: Session, table: type[Table], **values: Any) -> bool:
    """Insert one row; False if its key exists, also if a concurrent transaction inserted it."""
    statement = dialect_of(session).insert(table).values(**values).on_conflict_do_nothing()
    # The drivers report different row counts for an insert; RETURNING works the same on both.
    return session.exec(statement.returning(literal(1))).first() is not None


def insert_or_update(
    session: Session,
    table: type[Table],
    rows: Sequence[dict[str, Any]],
    *,
    key: Sequence[str],
    are_new: bool = False,
) -> None:
    """Write rows, which all have the same columns; rows whose key exists are updated, same id.

    Pass `are_new` if no key exists yet: many rows are then written faster.
    """
    session.flush()
    if rows:
        dialect_of(session).upsert(session, table, rows, key, are_new)
    session.expire_all()
