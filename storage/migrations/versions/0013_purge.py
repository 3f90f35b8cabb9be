"""When a case was purged, and when an analysis lost its bystanders."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision: str | None = "0012"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.add_column("case", sa.Column("purged_at", sa.DateTime(timezone=True)))
    op.add_column("analysis", sa.Column("thinned_at", sa.DateTime(timezone=True)))
