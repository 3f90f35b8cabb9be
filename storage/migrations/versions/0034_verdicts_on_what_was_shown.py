"""A verdict, and an override, counts for what was compared: photo, picture and engine.

Until here they counted for person and appearance, so that a photo could be exchanged under them.
"""

import sqlalchemy as sa
from alembic import op

from storage.migrations.release_0_2.changed import altered
from storage.migrations.release_0_2.guards import VERDICT_FINAL, VERDICT_NEVER
from storage.migrations.release_0_2.parts import index, is_sqlite

revision = "0034"
down_revision: str | None = "0033"
branch_labels: str | None = None
depends_on: str | None = None

SHOWN = ("person_id", "appearance_id", "engine", "reference_id", "crop")
SAME = " and ".join(f"v.{name} = old.{name}" for name in SHOWN)
BOTH_DECIDED = (
    f"(select count(*) from verdict v where {SAME}) > 1"
    # A person who is purged takes the verdicts along.
    " and exists (select 1 from person where person.id = old.person_id)"
)


def upgrade() -> None:
    if is_sqlite():
        op.execute("drop trigger verdict_no_update")
        op.execute("drop trigger verdict_final")
    else:
        op.execute("drop trigger verdict_no_update on verdict")
    _change_verdicts()
    _change_overrides()
    _guard()
    # Who enrolled or searched is asked for at each step of a review.
    index("audit_entry", "case_id", "action")


def _change_verdicts() -> None:
    for name in ("photo_sha256", "photo_name"):
        op.add_column("verdict", sa.Column(name, sa.String, nullable=False, server_default=""))
        op.execute(
            f"update verdict set {name} = coalesce((select r.{name} from reference r"
            " where r.id = verdict.reference_id), '')"
        )
    with altered("verdict") as verdict:
        for name in ("photo_sha256", "photo_name"):
            verdict.alter_column(name, server_default=None)
        for last in ("account_id", "place"):
            verdict.drop_constraint(f"uq_verdict_person_id_appearance_id_{last}", type_="unique")
        verdict.create_unique_constraint("uq_verdict_account", [*SHOWN, "account_id"])
        verdict.create_unique_constraint("uq_verdict_place", [*SHOWN, "place"])


def _change_overrides() -> None:
    # An override was written on what the verdicts before it had been given on.
    of_newest = (
        "from verdict v where v.person_id = quality_override.person_id"
        " and v.appearance_id = quality_override.appearance_id order by v.id desc limit 1"
    )
    for name, kind, none in (
        ("engine", sa.String, "''"),
        ("reference_id", sa.Integer, "0"),
        ("crop", sa.String, "''"),
    ):
        op.add_column("quality_override", sa.Column(name, kind))
        op.execute(
            f"update quality_override set {name} = coalesce((select v.{name} {of_newest}), {none})"
        )
    with altered("quality_override") as override:
        for name in ("engine", "reference_id", "crop"):
            override.alter_column(name, nullable=False)
        override.drop_constraint("uq_quality_override_person_id_appearance_id", type_="unique")
        override.create_unique_constraint("uq_quality_override_shown", [*SHOWN])


def _guard() -> None:
    if is_sqlite():
        for when, sentence in (
            ("verdict_no_update before update on verdict", VERDICT_NEVER),
            (f"verdict_final before delete on verdict when {BOTH_DECIDED}", VERDICT_FINAL),
        ):
            op.execute(f"create trigger {when} begin select raise(abort, '{sentence}'); end")
        return
    op.execute(
        "create or replace function verdict_final() returns trigger language plpgsql as $$ begin"
        f" if {BOTH_DECIDED} then raise exception '{VERDICT_FINAL}'; end if; return old; end $$"
    )
    op.execute(
        "create trigger verdict_no_update before update on verdict"
        " for each row execute function verdict_no_update()"
    )
