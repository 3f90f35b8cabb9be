"""Whoever decided, overrode or showed decoys is an account that is there.

Accounts are disabled and never deleted, so that no row needs to be mended first.
"""

from typing import Any

from alembic import op

revision = "0025"
down_revision: str | None = "0024"
branch_labels: str | None = None
depends_on: str | None = None

TABLES = ("verdict", "quality_override", "decoy")
COLUMNS = (["account_id"], ["id"])


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _write_anew()
    else:
        for table in TABLES:
            op.create_foreign_key(
                f"fk_{table}_account_id", table, "account", *COLUMNS, ondelete="RESTRICT"
            )


def _write_anew() -> None:
    # SQLite cannot add a key to a table; a new one has neither its triggers nor its highest id.
    triggers = _remembered("select sql from sqlite_master where type = 'trigger' and tbl_name = ?")
    highest = _remembered("select seq from sqlite_sequence where name = ?")
    for table in TABLES:
        with op.batch_alter_table(table, table_kwargs={"sqlite_autoincrement": True}) as batch:
            batch.create_foreign_key(
                f"fk_{table}_account_id", "account", *COLUMNS, ondelete="RESTRICT"
            )
        op.execute(f"delete from sqlite_sequence where name = '{table}'")
        for seq in highest[table]:
            op.execute(f"insert into sqlite_sequence values ('{table}', {seq})")
        for trigger in triggers[table]:
            op.execute(trigger)


def _remembered(query: str) -> dict[str, list[Any]]:
    """What the query gives of each table."""
    bind = op.get_bind()
    return {table: [row[0] for row in bind.exec_driver_sql(query, (table,))] for table in TABLES}
