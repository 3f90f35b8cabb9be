"""Keys that seal the pictures of a recording or a case."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision: str | None = "0006"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "data_key",
        sa.Column("id", sa.Integer, nullable=False),
        _owner("recording"),
        _owner("case"),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
        sa.Column("master", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_data_key"),
        sa.UniqueConstraint("recording_id", name="uq_data_key_recording_id"),
        sa.UniqueConstraint("case_id", name="uq_data_key_case_id"),
        sa.CheckConstraint(
            "(recording_id is null) <> (case_id is null)", name="ck_data_key_one_owner"
        ),
        sqlite_autoincrement=True,
    )


def _owner(owner: str) -> sa.Column[int]:
    key = sa.ForeignKey(f"{owner}.id", name=f"fk_data_key_{owner}_id", ondelete="CASCADE")
    return sa.Column(f"{owner}_id", sa.Integer, key)
