"""Verdicts, which the database lets nobody change once two people have decided."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision: str | None = "0004"
branch_labels: str | None = None
depends_on: str | None = None

# Written out rather than imported: a migration must go on meaning what it meant.
MOMENT = sa.DateTime(timezone=True)
DECISIONS = "decision in ('same', 'different', 'inconclusive')"
NEVER = "a verdict is never changed"
FINAL = "verdicts are final once two people have decided"
BOTH_DECIDED = (
    "(select count(*) from verdict v"
    " where v.person_id = old.person_id and v.appearance_id = old.appearance_id) > 1"
    # A person who is purged takes the verdicts along.
    " and exists (select 1 from person where person.id = old.person_id)"
)


def upgrade() -> None:
    op.add_column("person", sa.Column("asked_by", sa.String))
    _create_verdict()
    _create(
        "quality_override",
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("written_at", MOMENT, nullable=False),
        sa.CheckConstraint("length(trim(reason)) > 0", name="ck_quality_override_reason"),
    )
    _create_decoy()
    if op.get_bind().dialect.name == "sqlite":
        _guard_in_sqlite()
    else:
        _guard_in_postgresql()


def _create_verdict() -> None:
    _create(
        "verdict",
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("decision", sa.String(16), nullable=False),
        sa.Column("decided_at", MOMENT, nullable=False),
        sa.Column("seeded", sa.Boolean, nullable=False),
        sa.Column("below_floor", sa.Boolean, nullable=False),
        sa.Column("recording_sha256", sa.String, nullable=False),
        sa.Column("start_ms", sa.BigInteger, nullable=False),
        sa.Column("end_ms", sa.BigInteger, nullable=False),
        sa.Column("best_ms", sa.BigInteger, nullable=False),
        sa.Column("crop", sa.String, nullable=False),
        sa.Column("quality", sa.Float, nullable=False),
        sa.Column("distance", sa.Float, nullable=False),
        sa.Column("threshold", sa.Float, nullable=False),
        sa.Column("reference_id", sa.Integer, nullable=False),
        sa.Column("engine", sa.String, nullable=False),
        sa.Column("plan_key", sa.String, nullable=False),
        sa.UniqueConstraint(
            "person_id", "appearance_id", "place", name="uq_verdict_person_id_appearance_id_place"
        ),
        sa.CheckConstraint("place in (1, 2)", name="ck_verdict_place"),
        sa.CheckConstraint(DECISIONS, name="ck_verdict_decision"),
        key=("person_id", "appearance_id", "account_id"),
    )
    op.create_index("ix_verdict_account_id", "verdict", ["account_id"])


def _create_decoy() -> None:
    _create(
        "decoy",
        _parent("decoy", "reference"),
        sa.Column("distance", sa.Float, nullable=False),
        sa.Column("threshold", sa.Float, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("seeded_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["appearance_id"], ["appearance.id"], name="fk_decoy_appearance_id", ondelete="CASCADE"
        ),
    )
    for parent in ("appearance", "reference"):
        op.create_index(f"ix_decoy_{parent}_id", "decoy", [f"{parent}_id"])


def _create(
    table: str,
    *parts: sa.schema.SchemaItem,
    key: tuple[str, ...] = ("person_id", "appearance_id"),
) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Integer, nullable=False),
        _parent(table, "person"),
        sa.Column("appearance_id", sa.Integer, nullable=False),
        sa.Column("account_id", sa.Integer, nullable=False),
        *parts,
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint(*key, name=f"uq_{table}_{'_'.join(key)}"),
        sqlite_autoincrement=True,
    )


def _parent(table: str, parent: str) -> sa.Column[int]:
    key = sa.ForeignKey(f"{parent}.id", name=f"fk_{table}_{parent}_id", ondelete="CASCADE")
    return sa.Column(f"{parent}_id", sa.Integer, key, nullable=False)


def _guard_in_sqlite() -> None:
    op.execute(
        "create trigger verdict_no_update before update on verdict "
        f"begin select raise(abort, '{NEVER}'); end"
    )
    op.execute(
        f"create trigger verdict_final before delete on verdict when {BOTH_DECIDED} "
        f"begin select raise(abort, '{FINAL}'); end"
    )


def _guard_in_postgresql() -> None:
    op.execute(
        "create function verdict_no_update() returns trigger language plpgsql as "
        f"$$ begin raise exception '{NEVER}'; end $$"
    )
    op.execute(
        "create function verdict_final() returns trigger language plpgsql as $$ begin "
        f"if {BOTH_DECIDED} then raise exception '{FINAL}'; end if; return old; end $$"
    )
    for name, act in (("verdict_no_update", "update"), ("verdict_final", "delete")):
        op.execute(
            f"create trigger {name} before {act} on verdict for each row execute function {name}()"
        )
