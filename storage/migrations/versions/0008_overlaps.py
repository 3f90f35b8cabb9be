"""Fingerprints of footage, and which recordings show the same."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision: str | None = "0007"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "fingerprint",
        _reference("fingerprint", "segment_id", "segment"),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("glimpses", sa.LargeBinary, nullable=False),
        sa.Column("marks", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("segment_id", name="pk_fingerprint"),
    )
    op.create_table(
        "overlap",
        sa.Column("id", sa.Integer, nullable=False),
        _reference("overlap", "first_id", "recording"),
        _reference("overlap", "second_id", "recording"),
        sa.Column("offset_ms", sa.BigInteger, nullable=False),
        sa.Column("start_ms", sa.BigInteger, nullable=False),
        sa.Column("end_ms", sa.BigInteger, nullable=False),
        sa.Column("agreement", sa.Float, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_overlap"),
        sa.UniqueConstraint("first_id", "second_id", name="uq_overlap_first_id_second_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_overlap_second_id", "overlap", ["second_id"])


def _reference(table: str, column: str, parent: str) -> sa.Column[int]:
    key = sa.ForeignKey(f"{parent}.id", name=f"fk_{table}_{column}", ondelete="CASCADE")
    return sa.Column(column, sa.Integer, key, nullable=False)
