"""Cases say whether faces nobody is looking for may be grouped."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision: str | None = "0003"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    column = sa.Column("allows_grouping", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("case", column)
