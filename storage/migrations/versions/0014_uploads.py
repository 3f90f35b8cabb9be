"""Files that people hand in on the page."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision: str | None = "0013"
branch_labels: str | None = None
depends_on: str | None = None

# Written out rather than imported: a migration must go on meaning what it meant.
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "upload",
        sa.Column("id", sa.String, nullable=False),
        _parent("account", "CASCADE", nullable=False),
        _parent("case", "SET NULL"),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("stage", sa.String, nullable=False),
        sa.Column("began_at", MOMENT, nullable=False),
        sa.Column("touched_at", MOMENT, nullable=False),
        _parent("recording", "SET NULL"),
        _parent("analysis", "SET NULL"),
        sa.Column("known_before", sa.Boolean, nullable=False),
        sa.Column("reason", sa.String),
        sa.PrimaryKeyConstraint("id", name="pk_upload"),
    )
    for parent in ("account", "recording", "analysis"):
        op.create_index(f"ix_upload_{parent}_id", "upload", [f"{parent}_id"])


def _parent(parent: str, ondelete: str, *, nullable: bool = True) -> sa.Column[int]:
    key = sa.ForeignKey(f"{parent}.id", name=f"fk_upload_{parent}_id", ondelete=ondelete)
    return sa.Column(f"{parent}_id", sa.Integer, key, nullable=nullable)
