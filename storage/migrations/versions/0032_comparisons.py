"""Each comparison is stored with a key instead of a mark on each reference.

No comparison is carried over: upkeep compares everybody again, since the marks were not reliable.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision: str | None = "0031"
branch_labels: str | None = None
depends_on: str | None = None

MOMENT = sa.DateTime(timezone=True)
WITH_THE_CASE = datetime(2200, 1, 1, tzinfo=UTC)


def upgrade() -> None:
    op.create_table(
        "person_comparison",
        sa.Column("person_id", sa.Integer, nullable=False),
        sa.Column("engine", sa.String, nullable=False),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("until_id", sa.Integer),
        sa.Column("compared_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("person_id", "engine", name="pk_person_comparison"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], "fk_person_comparison_person_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "analysis_comparison",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("analysis_id", sa.Integer, nullable=False),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("compared_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_analysis_comparison"),
        sa.UniqueConstraint("analysis_id", name="uq_analysis_comparison_analysis_id"),
        sa.ForeignKeyConstraint(
            ["analysis_id"], ["analysis.id"], "fk_analysis_comparison_analysis_id",
            ondelete="CASCADE",
        ),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.drop_column("reference", "matched_at")
    _say_what_calibrations_searched()
    _let_reviews_follow_their_case()


def _say_what_calibrations_searched() -> None:
    """Until now the footage that was added for a case, if there was any."""
    own_only = sa.Column("own_only", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("calibration", own_only)
    made = sa.table("calibration", sa.column("case_id"), sa.column("own_only", sa.Boolean))
    added = sa.table("case_recording", sa.column("case_id"))
    has_own = sa.exists().where(added.c.case_id == made.c.case_id)
    op.execute(made.update().where(has_own).values(own_only=True))


def _let_reviews_follow_their_case() -> None:
    """A review date that was copied from the case's end follows it from now on."""
    person = sa.table("person", sa.column("case_id"), sa.column("review_at", MOMENT))
    case = sa.table("case", sa.column("id"), sa.column("expires_at", MOMENT))
    end = sa.select(case.c.expires_at).where(case.c.id == person.c.case_id).scalar_subquery()
    op.execute(person.update().where(person.c.review_at == end).values(review_at=WITH_THE_CASE))
