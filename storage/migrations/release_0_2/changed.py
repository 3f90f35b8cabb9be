"""The tables of 0.1.0 that have other columns now, and what is said of their rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

from storage.migrations.release_0_2.parts import MOMENT, index, is_sqlite

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


@contextmanager
def altered(table: str) -> Iterator[BatchOperations]:
    """Change a table; on SQLite it is written again, and still gives no id twice."""
    # The new table would not know the highest id that there ever was.
    ever = sa.text("select seq from sqlite_sequence where name = :name").bindparams(name=table)
    highest = op.get_bind().execute(ever).scalar() if is_sqlite() else None
    with op.batch_alter_table(table, table_kwargs={"sqlite_autoincrement": True}) as batch:
        yield batch
    if highest is not None:
        op.execute(f"delete from sqlite_sequence where name = '{table}'")
        op.execute(f"insert into sqlite_sequence values ('{table}', {highest})")


def change_cases_and_people() -> None:
    """A case says what authorises it; of an older one, that this was not recorded."""
    for column in (
        sa.Column("allows_grouping", sa.Boolean, nullable=False, server_default=sa.false()),
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
        sa.Column("purged_at", MOMENT),
    ):
        op.add_column("case", column)
    _say_what_is_known_of_older_cases()
    _hold_cases_to_it()
    _change_people()


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
    with altered("case") as case:
        for name in NEEDED:
            case.alter_column(name, nullable=False)
        case.alter_column("authorised_by", nullable=True)
        case.alter_column("basis_note", server_default=None)
        case.alter_column("urgent", server_default=None)
        for name, condition in CHECKS.items():
            case.create_check_constraint(f"ck_case_{name}", condition)


def _change_people() -> None:
    op.add_column("person", sa.Column("asked_by", sa.String))
    op.add_column("person", sa.Column("category", sa.String(16)))
    op.add_column("person", sa.Column("review_at", MOMENT))
    op.execute(
        "update person set category = 'other', "
        'review_at = (select expires_at from "case" where "case".id = person.case_id)'
    )
    with altered("person") as person:
        person.alter_column("category", nullable=False)
        person.alter_column("review_at", nullable=False)
        person.create_check_constraint("ck_person_category", f"category in {CATEGORIES}")


def change_jobs() -> None:
    """Jobs have a priority, a time and a place; an analysis may come from another one's crops."""
    op.add_column("plan", sa.Column("cut_by", sa.String))
    op.add_column("segment", sa.Column("started_at", MOMENT))
    index("segment", "state", "attempts")
    for column in (
        sa.Column("priority", sa.String(16), nullable=False, server_default="overnight"),
        sa.Column("any_time", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("paused_at", MOMENT),
        sa.Column("due_at", MOMENT),
        sa.Column("site", sa.String, nullable=False, server_default="default"),
        sa.Column("thinned_at", MOMENT),
    ):
        op.add_column("analysis", column)
    with altered("analysis") as analysis:
        analysis.add_column(sa.Column("origin_id", sa.Integer))
        analysis.create_foreign_key(
            "fk_analysis_origin_id", "analysis", ["origin_id"], ["id"], ondelete="CASCADE"
        )
    index("analysis", "origin_id")


def change_recordings() -> None:
    """A recording says when it was made and which object it was read from."""
    for column in (
        sa.Column("captured_ms", sa.BigInteger),
        sa.Column("captured_by", sa.String(16)),
        sa.Column("object_tag", sa.String),
    ):
        op.add_column("recording", column)


def change_candidates() -> None:
    """A candidate is one of an engine."""
    op.add_column("candidate", sa.Column("engine", sa.String))
    op.execute(
        "UPDATE candidate SET engine ="
        " (SELECT engine FROM reference WHERE reference.id = candidate.reference_id)"
    )
    with altered("candidate") as candidate:
        candidate.alter_column("engine", existing_type=sa.String, nullable=False)
        candidate.drop_constraint("uq_candidate_person_id_appearance_id", type_="unique")
        candidate.create_unique_constraint(
            "uq_candidate_person_id_appearance_id_engine", ["person_id", "appearance_id", "engine"]
        )
