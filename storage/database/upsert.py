"""Insert or keep, insert or update: by natural key, on SQLite and PostgreSQL alike."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import literal
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from storage.database.copying import insert_copied, write_rows
from storage.tables import Table

_MANY = 50
"""From so many rows on, COPY gains more than its preparations cost."""


def insert_if_new(session: Session, table: type[Table], **values: Any) -> bool:
    """Insert one row; False when its key is taken, also by a transaction that ends meanwhile."""
    statement = _insert(session, table).values(**values).on_conflict_do_nothing()
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
    if len(rows) >= _MANY and session.get_bind().dialect.name == "postgresql":
        write = partial(write_rows, table=table, rows=rows)
        insert_copied(session, table, list(rows[0]), key, write=write, are_new=are_new)
    elif rows:
        statement = _insert(session, table)
        values = {name: statement.excluded[name] for name in rows[0] if name not in key}
        upsert = statement.on_conflict_do_update(index_elements=key, set_=values)
        session.connection().execute(upsert, rows)
    session.expire_all()


def _insert(session: Session, table: type[Table]) -> Any:
    dialect = {"sqlite": sqlite, "postgresql": postgresql}[session.get_bind().dialect.name]
    return dialect.insert(table)
