"""How many strangers came close in the footage of a case."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision: str | None = "0019"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    case = sa.ForeignKey("case.id", name="fk_calibration_case_id", ondelete="CASCADE")
    op.create_table(
        "calibration",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("case_id", sa.Integer, case, nullable=False),
        sa.Column("engine", sa.String, nullable=False),
        sa.Column("weights_sha256", sa.String, nullable=False),
        sa.Column("threshold", sa.Float, nullable=False),
        sa.Column("searches", sa.Integer, nullable=False),
        sa.Column("with_any", sa.Integer, nullable=False),
        sa.Column("false_candidates", sa.Integer, nullable=False),
        sa.Column("curve", sa.JSON, nullable=False),
        sa.Column("groups", sa.JSON, nullable=False),
        sa.Column("appearances", sa.Integer, nullable=False),
        sa.Column("photos_sha256", sa.String, nullable=False),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_calibration"),
        sa.CheckConstraint("searches > 0", name="ck_calibration_searches"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_calibration_case_id", "calibration", ["case_id"])
