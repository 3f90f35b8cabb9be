"""Where footage lies, so that workers who can reach it are asked."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision: str | None = "0010"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.add_column(
        "analysis", sa.Column("site", sa.String, nullable=False, server_default="default")
    )
