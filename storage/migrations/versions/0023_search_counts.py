"""Acts of one kind are found by when they were done."""

from alembic import op

revision = "0023"
down_revision: str | None = "0022"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_index("ix_audit_entry_action_at", "audit_entry", ["action", "at"])
