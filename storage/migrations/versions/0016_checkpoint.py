"""Signed checkpoints of the audit log, which the database lets nobody change."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision: str | None = "0015"
branch_labels: str | None = None
depends_on: str | None = None

NEVER = "a checkpoint of the audit log is never changed"


def upgrade() -> None:
    op.create_table(
        "audit_checkpoint",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.String, nullable=False),
        sa.Column("at", sa.String, nullable=False),
        sa.Column("public_key", sa.String, nullable=False),
        sa.Column("signature", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_checkpoint"),
        sqlite_autoincrement=True,
    )
    if op.get_bind().dialect.name == "sqlite":
        for act in ("update", "delete"):
            op.execute(
                f"create trigger audit_checkpoint_no_{act} before {act} on audit_checkpoint "
                f"begin select raise(abort, '{NEVER}'); end"
            )
        return
    op.execute(
        "create function audit_checkpoint_never() returns trigger language plpgsql as "
        f"$$ begin raise exception '{NEVER}'; end $$"
    )
    for when, each in (("update or delete", "row"), ("truncate", "statement")):
        op.execute(
            f"create trigger audit_checkpoint_no_{each} before {when} on audit_checkpoint "
            f"for each {each} execute function audit_checkpoint_never()"
        )
