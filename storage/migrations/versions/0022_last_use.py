"""When an account and a token were last used."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision: str | None = "0021"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    for table in ("account", "api_token"):
        op.add_column(table, sa.Column("used_at", sa.DateTime(timezone=True)))
