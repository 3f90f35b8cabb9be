"""What the monitor keeps between its looks at the ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision: str | None = "0030"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "monitoring",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("looking_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counted_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("watched_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_monitoring"),
        sqlite_autoincrement=True,
    )
