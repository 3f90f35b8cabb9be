"""The audit log, which the database lets nobody change."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision: str | None = "0002"
branch_labels: str | None = None
depends_on: str | None = None

NEVER = "the audit log is append-only"
NEXT = "an entry of the audit log takes the next position"


def upgrade() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("case_id", sa.Integer),
        sa.Column("objects", sa.Text, nullable=False),
        sa.Column("hash", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_entry"),
    )
    op.create_index("ix_audit_entry_case_id_id", "audit_entry", ["case_id", "id"])
    if op.get_bind().dialect.name == "sqlite":
        _guard_in_sqlite()
    else:
        _guard_in_postgresql()


def _guard_in_sqlite() -> None:
    for act in ("update", "delete"):
        op.execute(
            f"create trigger audit_entry_no_{act} before {act} on audit_entry "
            f"begin select raise(abort, '{NEVER}'); end"
        )
    # `insert or replace` deletes without asking the trigger above.
    op.execute(
        "create trigger audit_entry_next before insert on audit_entry "
        "when new.id is not (select coalesce(max(id), 0) + 1 from audit_entry) "
        f"begin select raise(abort, '{NEXT}'); end"
    )


def _guard_in_postgresql() -> None:
    op.execute(
        "create function audit_entry_never() returns trigger language plpgsql as "
        f"$$ begin raise exception '{NEVER}'; end $$"
    )
    op.execute(
        "create function audit_entry_next() returns trigger language plpgsql as $$ begin "
        "if new.id is distinct from (select coalesce(max(id), 0) + 1 from audit_entry) then "
        f"raise exception '{NEXT}'; end if; return new; end $$"
    )
    op.execute(
        "create trigger audit_entry_no_change before update or delete on audit_entry "
        "for each row execute function audit_entry_never()"
    )
    op.execute(
        "create trigger audit_entry_no_truncate before truncate on audit_entry "
        "for each statement execute function audit_entry_never()"
    )
    op.execute(
        "create trigger audit_entry_next before insert on audit_entry "
        "for each row execute function audit_entry_next()"
    )
