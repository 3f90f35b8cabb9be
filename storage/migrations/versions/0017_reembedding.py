"""Crops embedded anew by another engine, the weights of engines, and which engine is in use."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision: str | None = "0016"
branch_labels: str | None = None
depends_on: str | None = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("analysis", table_kwargs={"sqlite_autoincrement": True}) as analysis:
        analysis.add_column(sa.Column("origin_id", sa.Integer))
        analysis.create_foreign_key(
            "fk_analysis_origin_id", "analysis", ["origin_id"], ["id"], ondelete="CASCADE"
        )
    op.create_index("ix_analysis_origin_id", "analysis", ["origin_id"])
    _create_omission()
    op.create_table(
        "model",
        sa.Column("engine", sa.String, nullable=False),
        sa.Column("weights_sha256", sa.String, nullable=False),
        sa.Column("pinned_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("engine", name="pk_model"),
    )
    op.create_table(
        "engine_choice",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("engine", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("chosen_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_engine_choice"),
        sqlite_autoincrement=True,
    )


def _create_omission() -> None:
    appearance = sa.ForeignKey(
        "appearance.id", name="fk_omission_appearance_id", ondelete="CASCADE"
    )
    op.create_table(
        "omission",
        sa.Column("appearance_id", sa.Integer, appearance, nullable=False),
        sa.Column("engine", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("appearance_id", "engine", name="pk_omission"),
    )
