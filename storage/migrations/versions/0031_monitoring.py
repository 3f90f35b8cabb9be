"""Which workers are alive, and what the monitor keeps.

`storage.database.database.upgrade` comes here only after it has emptied the log of writes, which no
transaction can do: from here on no file holds a plain vector of a reference photo.
"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision: str | None = "0029"
branch_labels: str | None = None
depends_on: str | None = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "worker",
        sa.Column("name", sa.String, nullable=False),
        sa.Column("machine", sa.String, nullable=False),
        sa.Column("processes", sa.Integer, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_worker"),
    )
    op.create_table(
        "monitoring",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("looking_since", MOMENT, nullable=False),
        sa.Column("looked_at", MOMENT, nullable=False),
        sa.Column("counted_until", MOMENT, nullable=False),
        sa.Column("watched_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_monitoring"),
        sqlite_autoincrement=True,
    )
