"""Groups of appearances that may be one person, and what people said of them."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision: str | None = "0017"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "face_group",
        sa.Column("id", sa.Integer, nullable=False),
        _reference("face_group", "case_id", "case"),
        sa.Column("engine", sa.String, nullable=False),
        sa.Column(
            "person_id",
            sa.Integer,
            sa.ForeignKey("person.id", name="fk_face_group_person_id", ondelete="SET NULL"),
        ),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_face_group"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_face_group_case_id", "face_group", ["case_id"])
    op.create_index("ix_face_group_person_id", "face_group", ["person_id"])
    op.create_table(
        "group_member",
        _reference("group_member", "group_id", "face_group"),
        _reference("group_member", "appearance_id", "appearance"),
        sa.PrimaryKeyConstraint("group_id", "appearance_id", name="pk_group_member"),
    )
    op.create_index("ix_group_member_appearance_id", "group_member", ["appearance_id"])
    op.create_table(
        "group_rule",
        _reference("group_rule", "case_id", "case"),
        _reference("group_rule", "first_id", "appearance"),
        _reference("group_rule", "second_id", "appearance"),
        sa.Column("together", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("case_id", "first_id", "second_id", name="pk_group_rule"),
    )
    op.create_index("ix_group_rule_second_id", "group_rule", ["second_id"])


def _reference(table: str, column: str, parent: str) -> sa.Column[int]:
    key = sa.ForeignKey(f"{parent}.id", name=f"fk_{table}_{column}", ondelete="CASCADE")
    return sa.Column(column, sa.Integer, key, nullable=False)
