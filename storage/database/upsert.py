"""Insert or keep, insert or update: by natural key, on SQLite and PostgreSQL alike."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import literal
from sqlmodel import Session

from storage.database.dialect import dialect_of
from storage.tables import Table


def insert_if_new(session: Session, table: type[Table], **values: Any) -> bool:
    """Insert one row; False when its key is taken, also by a transaction that ends meanwhile."""
    statement = dialect_of(session).insert(table).values(**values).on_conflict_do_nothing()
    # Row counts of an insert differ between the drivers; what it returns does not.
    return session.exec(statement.returning(literal(1))).first() is not None


def insert_or_update(
    session: Session,
    table: type[Table],
    rows: Sequence[dict[str, Any]],
    *,
    key: Sequence[str],
    are_new: bool = False,
) -> None:
    """Write rows that all have the same columns; those whose key is there keep their id.

    Many rows are written faster where the caller knows that they `are_new`: no key is there.
    """
    session.flush()
    if rows:
        dialect_of(session).upsert(session, table, rows, key, are_new)
    session.expire_all()
