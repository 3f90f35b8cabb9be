"""Accounts, their sessions and tokens."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision: str | None = "0005"
branch_labels: str | None = None
depends_on: str | None = None

# Written out rather than imported: a migration must go on meaning what it meant.
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("password_hash", sa.String),
        sa.Column("must_change_password", sa.Boolean, nullable=False),
        sa.Column("roles", sa.JSON, nullable=False),
        sa.Column("subject", sa.String),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("disabled_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
        sa.UniqueConstraint("name", name="uq_account_name"),
        sa.UniqueConstraint("subject", name="uq_account_subject"),
        sqlite_autoincrement=True,
    )
    _create_secrets(
        "web_session",
        sa.Column("began_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=False),
    )
    _create_secrets(
        "api_token",
        sa.Column("label", sa.String, nullable=False),
        sa.Column("roles", sa.JSON, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("revoked_at", MOMENT),
    )


def _create_secrets(table: str, *columns: sa.Column[object]) -> None:
    account = sa.ForeignKey("account.id", name=f"fk_{table}_account_id", ondelete="CASCADE")
    op.create_table(
        table,
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("token_sha256", sa.String, nullable=False),
        sa.Column("account_id", sa.Integer, account, nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("token_sha256", name=f"uq_{table}_token_sha256"),
        sqlite_autoincrement=True,
    )
    op.create_index(f"ix_{table}_account_id", table, ["account_id"])
