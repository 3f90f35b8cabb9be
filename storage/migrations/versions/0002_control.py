"""Priorities, pauses and cancelling; footage of cases; refusals, canaries and notices."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None

# Written out rather than imported: a migration must go on meaning what it meant.
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _let_work_be_controlled()
    _create_case_recording()
    _create_watching_tables()


def _let_work_be_controlled() -> None:
    overnight = sa.Column("priority", sa.String(16), nullable=False, server_default="overnight")
    op.add_column("analysis", overnight)
    op.add_column(
        "analysis", sa.Column("any_time", sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.add_column("analysis", sa.Column("paused_at", MOMENT))
    op.add_column("analysis", sa.Column("due_at", MOMENT))
    op.add_column("segment", sa.Column("started_at", MOMENT))
    op.create_index("ix_segment_state_attempts", "segment", ["state", "attempts"])


def _create_case_recording() -> None:
    op.create_table(
        "case_recording",
        _parent("case"),
        _parent("recording"),
        sa.PrimaryKeyConstraint("case_id", "recording_id", name="pk_case_recording"),
    )
    op.create_index("ix_case_recording_recording_id", "case_recording", ["recording_id"])


def _create_watching_tables() -> None:
    op.create_table(
        "refusal",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("path", sa.LargeBinary, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("modified_ns", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("refused_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_refusal"),
        sa.UniqueConstraint("path", name="uq_refusal_path"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "canary",
        sa.Column("queue", sa.String, nullable=False),
        sa.Column("done_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("queue", name="pk_canary"),
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notice"),
        sa.UniqueConstraint("key", name="uq_notice_key"),
        sqlite_autoincrement=True,
    )


def _parent(parent: str) -> sa.Column[int]:
    key = sa.ForeignKey(f"{parent}.id", name=f"fk_case_recording_{parent}_id", ondelete="CASCADE")
    return sa.Column(f"{parent}_id", sa.Integer, key, nullable=False)
