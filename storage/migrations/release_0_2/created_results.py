"""The tables of results that 0.1.0 did not have."""

import sqlalchemy as sa

from storage.migrations.release_0_2.parts import (
    MOMENT,
    check,
    create,
    create_keyed,
    index,
    link,
    required,
    unique,
)


def create_comparisons() -> None:
    """Comparisons that were asked for, and the candidates that each changed."""
    create(
        "rematch",
        link("rematch", "person"),
        required("engine", sa.String),
        required("cause", sa.String(16)),
        required("actor", sa.String),
        required("asked_at", MOMENT),
        sa.Column("done_at", MOMENT),
        sa.Column("weights_sha256", sa.String),
        sa.Column("photos_sha256", sa.String),
        sa.Column("photos", sa.Integer),
        sa.Column("appearances", sa.Integer),
        sa.Column("threshold", sa.Float),
    )
    index("rematch", "person_id")
    change = "candidate_change"
    create(
        change,
        link(change, "rematch"),
        link(change, "appearance"),
        link(change, "reference", "reference_before", ondelete="SET NULL", nullable=True),
        sa.Column("distance_before", sa.Float),
        sa.Column("rank_before", sa.Integer),
        link(change, "reference", "reference_after", ondelete="SET NULL", nullable=True),
        sa.Column("distance_after", sa.Float),
        sa.Column("rank_after", sa.Integer),
        unique(change, "rematch_id", "appearance_id"),
    )
    for name in ("appearance_id", "reference_before", "reference_after"):
        index(change, name)


def create_verdicts() -> None:
    """What accounts decided, why poor pictures count, and known non-matches."""
    _create_decisions(
        "verdict",
        ("person_id", "appearance_id", "account_id"),
        required("place", sa.Integer),
        required("decision", sa.String(16)),
        required("decided_at", MOMENT),
        required("seeded", sa.Boolean),
        required("below_floor", sa.Boolean),
        required("recording_sha256", sa.String),
        required("start_ms", sa.BigInteger),
        required("end_ms", sa.BigInteger),
        required("best_ms", sa.BigInteger),
        required("crop", sa.String),
        required("quality", sa.Float),
        required("distance", sa.Float),
        required("threshold", sa.Float),
        required("reference_id", sa.Integer),
        required("engine", sa.String),
        required("plan_key", sa.String),
        unique("verdict", "person_id", "appearance_id", "place"),
        check("verdict", "place", "place in (1, 2)"),
        check("verdict", "decision", "decision in ('same', 'different', 'inconclusive')"),
    )
    index("verdict", "account_id")
    _create_decisions(
        "quality_override",
        ("person_id", "appearance_id"),
        required("reason", sa.String),
        required("written_at", MOMENT),
        check("quality_override", "reason", "length(trim(reason)) > 0"),
    )
    _create_decisions(
        "decoy",
        ("person_id", "appearance_id"),
        link("decoy", "reference"),
        required("distance", sa.Float),
        required("threshold", sa.Float),
        required("reason", sa.String),
        required("seeded_at", MOMENT),
        sa.ForeignKeyConstraint(
            ["appearance_id"], ["appearance.id"], name="fk_decoy_appearance_id", ondelete="CASCADE"
        ),
    )
    for parent in ("appearance", "reference"):
        index("decoy", f"{parent}_id")


def _create_decisions(table: str, key: tuple[str, ...], *parts: sa.schema.SchemaItem) -> None:
    create(
        table,
        link(table, "person"),
        required("appearance_id", sa.Integer),
        link(table, "account", ondelete="RESTRICT"),
        *parts,
        unique(table, *key),
    )


def create_groups() -> None:
    """Groups of appearances that may be one person, and what people said of them."""
    create(
        "face_group",
        link("face_group", "case"),
        required("engine", sa.String),
        link("face_group", "person", ondelete="SET NULL", nullable=True),
        required("made_at", MOMENT),
    )
    index("face_group", "case_id")
    index("face_group", "person_id")
    create_keyed(
        "group_member",
        ("group_id", "appearance_id"),
        link("group_member", "face_group", "group_id"),
        link("group_member", "appearance"),
    )
    index("group_member", "appearance_id")
    create_keyed(
        "group_rule",
        ("case_id", "first_id", "second_id"),
        link("group_rule", "case"),
        link("group_rule", "appearance", "first_id"),
        link("group_rule", "appearance", "second_id"),
        required("together", sa.Boolean),
    )
    index("group_rule", "second_id")
