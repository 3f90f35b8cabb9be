"""Who hands a file in, as the audit log writes it: a token has a number of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision: str | None = "0025"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.add_column("upload", sa.Column("actor", sa.String))
    op.execute("update upload set actor = 'account:' || account_id")
    with op.batch_alter_table("upload") as upload:
        upload.alter_column("actor", existing_type=sa.String, nullable=False)
