"""Insert unless the natural key is there already, on SQLite and PostgreSQL alike."""

from typing import Any

from sqlalchemy import literal
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from storage.tables import Table


def insert_if_new(session: Session, table: type[Table], **values: Any) -> bool:
    """Insert one row; False when its key is taken, also by a transaction that ends meanwhile."""
    insert: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
    dialect = session.get_bind().dialect.name
    statement = insert[dialect](table).values(**values).on_conflict_do_nothing()
    # Row counts of an insert differ between the drivers; what it returns does not.
    return session.exec(statement.returning(literal(1))).first() is not None
