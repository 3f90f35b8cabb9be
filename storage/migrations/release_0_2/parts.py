"""What the tables are made of."""

from typing import Any

import sqlalchemy as sa
from alembic import op

MOMENT = sa.DateTime(timezone=True)


def is_sqlite() -> bool:
    """Whether the tables are SQLite's; otherwise they are PostgreSQL's."""
    return op.get_bind().dialect.name == "sqlite"


def required(name: str, kind: sa.types.TypeEngine[Any] | type[sa.types.TypeEngine[Any]]) -> Any:
    """A column without nulls."""
    return sa.Column(name, kind, nullable=False)


def link(
    table: str, parent: str, name: str = "", *, ondelete: str = "CASCADE", nullable: bool = False
) -> sa.Column[Any]:
    """A column with the id of a row of `parent`, by default `parent_id`."""
    name = name or f"{parent}_id"
    key = sa.ForeignKey(f"{parent}.id", name=f"fk_{table}_{name}", ondelete=ondelete)
    return sa.Column(name, sa.Integer, key, nullable=nullable)


def unique(table: str, *columns: str) -> sa.UniqueConstraint:
    """No two rows have the same values of these columns."""
    return sa.UniqueConstraint(*columns, name=f"uq_{table}_{'_'.join(columns)}")


def check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    """Each row meets the condition."""
    return sa.CheckConstraint(condition, name=f"ck_{table}_{name}")


def index(table: str, *columns: str) -> None:
    """Make an index."""
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def create(table: str, *parts: sa.schema.SchemaItem) -> None:
    """Make a table whose rows have ids that are never given twice."""
    op.create_table(
        table,
        sa.Column("id", sa.Integer, nullable=False),
        *parts,
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sqlite_autoincrement=True,
    )


def create_keyed(table: str, key: tuple[str, ...], *parts: sa.schema.SchemaItem) -> None:
    """Make a table whose key is columns of its own."""
    op.create_table(table, *parts, sa.PrimaryKeyConstraint(*key, name=f"pk_{table}"))
