"""What authorises a search is held by the database: basis, sources, window, authorisation."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision: str | None = "0011"
branch_labels: str | None = None
depends_on: str | None = None

# Written out rather than imported: a migration must go on meaning what it meant.
MOMENT = sa.DateTime(timezone=True)
NEEDED = (
    "requested_by", "sources", "footage_from", "footage_until", "needs_authorisation",
)  # fmt: skip
CATEGORIES = ("suspect", "missing", "victim", "witness", "other")
CHECKS = {
    "reference": "length(trim(reference)) > 0",
    "legal_basis": "length(trim(legal_basis)) > 0",
    "purpose": "length(trim(purpose)) > 0",
    "requested_by": "length(trim(requested_by)) > 0",
    "sources": "json_array_length(sources) > 0",
    "footage": "footage_from < footage_until",
    "expires_at": "opened_at < expires_at",
    "authorisation": "(authorised_at is null) = (authorised_by is null)"
    " and (authorised_at is null) = (authorisation_reference is null)",
}


def upgrade() -> None:
    _widen_case()
    _say_what_is_known_of_older_cases()
    _hold_cases_to_it()
    _widen_people_and_footage()


def _widen_case() -> None:
    for column in (
        sa.Column("basis_note", sa.String, nullable=False, server_default=""),
        sa.Column("requested_by", sa.String),
        sa.Column("sources", sa.JSON),
        sa.Column("footage_from", MOMENT),
        sa.Column("footage_until", MOMENT),
        sa.Column("needs_authorisation", sa.Boolean),
        sa.Column("urgent", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("authorisation_reference", sa.String),
        sa.Column("authorised_at", MOMENT),
        sa.Column("authorisation_refused_at", MOMENT),
    ):
        op.add_column("case", column)


def _say_what_is_known_of_older_cases() -> None:
    # They searched the whole archive, on a basis in words of their own.
    case = sa.table(
        "case",
        *(sa.column(name) for name in ("legal_basis", "basis_note", "requested_by", "opened_at")),
        sa.column("authorisation_reference"),
        sa.column("authorised_at"),
        sa.column("sources", sa.JSON),
        sa.column("footage_from", MOMENT),
        sa.column("footage_until", MOMENT),
        sa.column("needs_authorisation", sa.Boolean),
    )
    op.execute(
        case.update().values(
            basis_note=case.c.legal_basis,
            legal_basis="legacy",
            requested_by="not recorded",
            sources=["*"],
            footage_from=datetime(1900, 1, 1, tzinfo=UTC),
            footage_until=datetime(2200, 1, 1, tzinfo=UTC),
            needs_authorisation=False,
            authorisation_reference="not recorded",
            authorised_at=case.c.opened_at,
        )
    )


def _hold_cases_to_it() -> None:
    with op.batch_alter_table("case", table_kwargs={"sqlite_autoincrement": True}) as case:
        for name in NEEDED:
            case.alter_column(name, nullable=False)
        case.alter_column("authorised_by", nullable=True)
        case.alter_column("basis_note", server_default=None)
        case.alter_column("urgent", server_default=None)
        for name, check in CHECKS.items():
            case.create_check_constraint(f"ck_case_{name}", check)


def _widen_people_and_footage() -> None:
    op.add_column("person", sa.Column("category", sa.String(16)))
    op.add_column("person", sa.Column("review_at", MOMENT))
    op.execute(
        "update person set category = 'other', "
        'review_at = (select expires_at from "case" where "case".id = person.case_id)'
    )
    with op.batch_alter_table("person", table_kwargs={"sqlite_autoincrement": True}) as person:
        person.alter_column("category", nullable=False)
        person.alter_column("review_at", nullable=False)
        person.create_check_constraint("ck_person_category", f"category in {CATEGORIES}")
    op.add_column("reference", sa.Column("source", sa.String))
    op.add_column("recording", sa.Column("captured_ms", sa.BigInteger))
    op.add_column("recording", sa.Column("captured_by", sa.String(16)))
