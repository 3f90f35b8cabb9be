"""From which appearance a reference was cut that is no photo."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision: str | None = "0020"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    with op.batch_alter_table("reference", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.add_column(sa.Column("appearance_id", sa.Integer))
        table.create_foreign_key(
            "fk_reference_appearance_id", "appearance", ["appearance_id"], ["id"],
            ondelete="SET NULL",
        )  # fmt: skip
    op.create_index("ix_reference_appearance_id", "reference", ["appearance_id"])
