"""Rematches and what they changed; photos that were withdrawn."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision: str | None = "0009"
branch_labels: str | None = None
depends_on: str | None = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("reference", sa.Column("withdrawn_at", MOMENT))
    _create_rematch()
    _create_candidate_change()


def _create_rematch() -> None:
    person = sa.ForeignKey("person.id", name="fk_rematch_person_id", ondelete="CASCADE")
    op.create_table(
        "rematch",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("person_id", sa.Integer, person, nullable=False),
        sa.Column("engine", sa.String, nullable=False),
        sa.Column("cause", sa.String(16), nullable=False),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("done_at", MOMENT),
        sa.Column("weights_sha256", sa.String),
        sa.Column("photos_sha256", sa.String),
        sa.Column("photos", sa.Integer),
        sa.Column("appearances", sa.Integer),
        sa.Column("threshold", sa.Float),
        sa.PrimaryKeyConstraint("id", name="pk_rematch"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_rematch_person_id", "rematch", ["person_id"])


def _create_candidate_change() -> None:
    op.create_table(
        "candidate_change",
        sa.Column("id", sa.Integer, nullable=False),
        _link("rematch_id", "rematch.id", "CASCADE", nullable=False),
        _link("appearance_id", "appearance.id", "CASCADE", nullable=False),
        _link("reference_before", "reference.id", "SET NULL"),
        sa.Column("distance_before", sa.Float),
        sa.Column("rank_before", sa.Integer),
        _link("reference_after", "reference.id", "SET NULL"),
        sa.Column("distance_after", sa.Float),
        sa.Column("rank_after", sa.Integer),
        sa.PrimaryKeyConstraint("id", name="pk_candidate_change"),
        sa.UniqueConstraint(
            "rematch_id", "appearance_id", name="uq_candidate_change_rematch_id_appearance_id"
        ),
        sqlite_autoincrement=True,
    )
    for name in ("appearance_id", "reference_before", "reference_after"):
        op.create_index(f"ix_candidate_change_{name}", "candidate_change", [name])


def _link(name: str, to: str, ondelete: str, *, nullable: bool = True) -> sa.Column[int]:
    key = sa.ForeignKey(to, name=f"fk_candidate_change_{name}", ondelete=ondelete)
    return sa.Column(name, sa.Integer, key, nullable=nullable)
