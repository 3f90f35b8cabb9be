"""On SQLite every change of an embedding is written down, for what is derived from them."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision: str | None = "0014"
branch_labels: str | None = None
depends_on: str | None = None

REMEMBERED = 200_000
# A random token in the first row, so that there is always a newest change and no two databases
# have the same.
FIRST = "INSERT INTO embedding_change (token, engine, appearance_id) VALUES (random(), '', 0)"
TRIGGER = """
CREATE TRIGGER embedding_{event} AFTER {event} ON embedding BEGIN
  INSERT INTO embedding_change (token, engine, appearance_id)
    VALUES (random(), {row}.engine, {row}.appearance_id);
  DELETE FROM embedding_change WHERE id <= last_insert_rowid() - {remembered};
END
"""


def upgrade() -> None:
    op.create_table(
        "embedding_change",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("engine", sa.String, nullable=False),
        sa.Column("appearance_id", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_embedding_change"),
        sqlite_autoincrement=True,
    )
    if op.get_bind().dialect.name != "sqlite":
        return
    op.execute(FIRST)
    for event, row in (("insert", "new"), ("update", "new"), ("delete", "old")):
        op.execute(TRIGGER.format(event=event, row=row, remembered=REMEMBERED))
