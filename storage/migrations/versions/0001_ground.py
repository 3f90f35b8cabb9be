"""The first tables."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None

# Written out rather than imported: a migration must go on meaning what it meant.
MOMENT = sa.DateTime(timezone=True)
STATE = sa.String(16)
VECTOR = sa.LargeBinary()


def upgrade() -> None:
    _create_case_tables()
    _create_footage_tables()
    _create_result_tables()


def _create_case_tables() -> None:
    _create(
        "case",
        sa.Column("reference", sa.String, nullable=False),
        sa.Column("legal_basis", sa.String, nullable=False),
        sa.Column("purpose", sa.String, nullable=False),
        sa.Column("authorised_by", sa.String, nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("closed_at", MOMENT),
        unique=["reference"],
    )
    _create(
        "person",
        _parent("person", "case"),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        unique=["case_id", "name"],
    )
    _create(
        "reference",
        _parent("reference", "person"),
        sa.Column("photo_sha256", sa.String, nullable=False),
        sa.Column("photo_name", sa.String, nullable=False),
        sa.Column("engine", sa.String, nullable=False),
        sa.Column("weights_sha256", sa.String, nullable=False),
        sa.Column("verdict", sa.String, nullable=False),
        sa.Column("vector", VECTOR),
        sa.Column("crop", sa.String),
        sa.Column("quality", sa.Float),
        sa.Column("matched_at", MOMENT),
        unique=["person_id", "photo_sha256", "engine"],
    )


def _create_footage_tables() -> None:
    _create(
        "recording",
        sa.Column("sha256", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("path", sa.LargeBinary, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("modified_ns", sa.BigInteger, nullable=False),
        sa.Column("codec", sa.String, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("rotation", sa.Integer, nullable=False),
        sa.Column("pixel_format", sa.String, nullable=False),
        sa.Column("frame_rate", sa.String),
        sa.Column("time_base", sa.String, nullable=False),
        sa.Column("start_us", sa.BigInteger, nullable=False),
        sa.Column("duration_claimed_ms", sa.BigInteger),
        sa.Column("duration_ms", sa.BigInteger, nullable=False),
        sa.Column("packets", sa.BigInteger, nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        unique=["sha256"],
    )
    op.create_table(
        "plan",
        sa.Column("key", sa.String, nullable=False),
        sa.Column("engine", sa.String, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_plan"),
    )
    _create(
        "analysis",
        _parent("analysis", "recording"),
        sa.Column(
            "plan_key",
            sa.String,
            sa.ForeignKey("plan.key", name="fk_analysis_plan_key", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("state", STATE, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("match_asked_at", MOMENT),
        sa.Column("finished_at", MOMENT),
        unique=["recording_id", "plan_key"],
    )
    op.create_index("ix_analysis_plan_key", "analysis", ["plan_key"])
    op.create_index("ix_analysis_state", "analysis", ["state"])
    _create(
        "segment",
        _parent("segment", "analysis"),
        sa.Column("index", sa.Integer, nullable=False),
        sa.Column("start_ms", sa.BigInteger, nullable=False),
        sa.Column("end_ms", sa.BigInteger, nullable=False),
        sa.Column("start_pts", sa.BigInteger),
        sa.Column("end_pts", sa.BigInteger),
        sa.Column("state", STATE, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("lease_owner", sa.String),
        sa.Column("lease_until", MOMENT),
        sa.Column("asked_at", MOMENT),
        sa.Column("finished_at", MOMENT),
        sa.Column("decoded_frames", sa.Integer, nullable=False),
        sa.Column("sampled_frames", sa.Integer, nullable=False),
        sa.Column("faces", sa.Integer, nullable=False),
        sa.Column("decoded_ms", sa.BigInteger, nullable=False),
        sa.Column("gaps", sa.JSON, nullable=False),
        sa.Column("reason", sa.String),
        unique=["analysis_id", "index"],
    )
    op.create_index("ix_segment_state_lease_until", "segment", ["state", "lease_until"])


def _create_result_tables() -> None:
    for table, parent in (("sighting", "segment"), ("appearance", "analysis")):
        _create(
            table,
            _parent(table, parent),
            sa.Column("ordinal", sa.Integer, nullable=False),
            sa.Column("start_ms", sa.BigInteger, nullable=False),
            sa.Column("end_ms", sa.BigInteger, nullable=False),
            sa.Column("best_ms", sa.BigInteger, nullable=False),
            sa.Column("box_x", sa.Float, nullable=False),
            sa.Column("box_y", sa.Float, nullable=False),
            sa.Column("box_width", sa.Float, nullable=False),
            sa.Column("box_height", sa.Float, nullable=False),
            sa.Column("score", sa.Float, nullable=False),
            sa.Column("quality", sa.Float, nullable=False),
            sa.Column("faces", sa.Integer, nullable=False),
            sa.Column("vector", VECTOR, nullable=False),
            sa.Column("crops", sa.JSON, nullable=False),
            unique=[f"{parent}_id", "ordinal"],
        )
    _create(
        "candidate",
        _parent("candidate", "person"),
        _parent("candidate", "appearance"),
        _parent("candidate", "reference"),
        sa.Column("distance", sa.Float, nullable=False),
        sa.Column("threshold", sa.Float, nullable=False),
        sa.Column("rank", sa.Integer, nullable=False),
        unique=["person_id", "appearance_id"],
    )
    op.create_index("ix_candidate_appearance_id", "candidate", ["appearance_id"])
    op.create_index("ix_candidate_reference_id", "candidate", ["reference_id"])


def _create(table: str, *columns: sa.Column[Any], unique: list[str]) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Integer, nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint(*unique, name=f"uq_{table}_{'_'.join(unique)}"),
        sqlite_autoincrement=True,
    )


def _parent(table: str, parent: str) -> sa.Column[Any]:
    name = f"{parent}_id"
    foreign_key = sa.ForeignKey(f"{parent}.id", name=f"fk_{table}_{name}", ondelete="CASCADE")
    return sa.Column(name, sa.Integer, foreign_key, nullable=False)
