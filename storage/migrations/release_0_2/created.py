"""The tables that 0.1.0 did not have."""

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


def create_accounts() -> None:
    """Who may log in or ask by a token; the audit log."""
    create(
        "account",
        required("name", sa.String),
        sa.Column("password_hash", sa.String),
        required("must_change_password", sa.Boolean),
        required("roles", sa.JSON),
        sa.Column("subject", sa.String),
        required("created_at", MOMENT),
        sa.Column("disabled_at", MOMENT),
        sa.Column("used_at", MOMENT),
        unique("account", "name"),
        unique("account", "subject"),
    )
    _create_secrets("web_session", required("began_at", MOMENT), required("used_at", MOMENT))
    _create_secrets(
        "api_token",
        required("label", sa.String),
        required("roles", sa.JSON),
        required("created_at", MOMENT),
        required("expires_at", MOMENT),
        sa.Column("revoked_at", MOMENT),
        sa.Column("used_at", MOMENT),
    )
    create_keyed(
        "audit_entry",
        ("id",),
        sa.Column("id", sa.BigInteger, nullable=False, autoincrement=False),
        required("at", MOMENT),
        required("actor", sa.String),
        required("action", sa.String),
        sa.Column("case_id", sa.Integer),
        required("objects", sa.Text),
        required("hash", sa.String),
    )
    index("audit_entry", "case_id", "id")
    index("audit_entry", "action", "at")
    create(
        "audit_checkpoint",
        required("count", sa.BigInteger),
        required("hash", sa.String),
        required("at", sa.String),
        required("public_key", sa.String),
        required("signature", sa.String),
    )


def _create_secrets(table: str, *parts: sa.Column[object]) -> None:
    secret = required("token_sha256", sa.String)
    create(table, secret, link(table, "account"), *parts, unique(table, "token_sha256"))
    index(table, "account_id")


def create_case_tables() -> None:
    """What belongs to cases, and the keys that pictures and vectors are sealed with."""
    create(
        "data_key",
        link("data_key", "recording", nullable=True),
        link("data_key", "case", nullable=True),
        required("wrapped", sa.LargeBinary),
        required("master", sa.String),
        unique("data_key", "recording_id"),
        unique("data_key", "case_id"),
        check("data_key", "one_owner", "(recording_id is null) <> (case_id is null)"),
    )
    create_keyed(
        "case_recording",
        ("case_id", "recording_id"),
        link("case_recording", "case"),
        link("case_recording", "recording"),
    )
    index("case_recording", "recording_id")
    create(
        "calibration",
        link("calibration", "case"),
        required("engine", sa.String),
        required("weights_sha256", sa.String),
        required("threshold", sa.Float),
        required("searches", sa.Integer),
        required("with_any", sa.Integer),
        required("false_candidates", sa.Integer),
        required("curve", sa.JSON),
        required("groups", sa.JSON),
        required("appearances", sa.Integer),
        required("photos_sha256", sa.String),
        required("actor", sa.String),
        required("made_at", MOMENT),
        check("calibration", "searches", "searches > 0"),
    )
    index("calibration", "case_id")


def create_job_tables() -> None:
    """Uploads, refusals, notices, and what is known of queues and pictures."""
    create(
        "refusal",
        required("path", sa.LargeBinary),
        required("name", sa.String),
        required("size_bytes", sa.BigInteger),
        required("modified_ns", sa.BigInteger),
        required("reason", sa.String),
        required("refused_at", MOMENT),
        unique("refusal", "path"),
    )
    create_keyed("canary", ("queue",), required("queue", sa.String), required("done_at", MOMENT))
    create(
        "notice",
        required("key", sa.String),
        required("kind", sa.String),
        required("body", sa.JSON),
        required("created_at", MOMENT),
        sa.Column("sent_at", MOMENT),
        required("attempts", sa.Integer),
        unique("notice", "key"),
    )
    create_keyed(
        "upload",
        ("id",),
        required("id", sa.String),
        link("upload", "account"),
        link("upload", "case", ondelete="SET NULL", nullable=True),
        required("name", sa.String),
        required("size_bytes", sa.BigInteger),
        required("stage", sa.String),
        required("began_at", MOMENT),
        required("touched_at", MOMENT),
        link("upload", "recording", ondelete="SET NULL", nullable=True),
        link("upload", "analysis", ondelete="SET NULL", nullable=True),
        required("known_before", sa.Boolean),
        sa.Column("reason", sa.String),
        required("actor", sa.String),
    )
    for parent in ("account", "recording", "analysis"):
        index("upload", f"{parent}_id")
    create_keyed(
        "fingerprint",
        ("segment_id",),
        link("fingerprint", "segment"),
        required("version", sa.Integer),
        required("glimpses", sa.LargeBinary),
        required("marks", sa.LargeBinary),
    )
    create(
        "overlap",
        link("overlap", "recording", "first_id"),
        link("overlap", "recording", "second_id"),
        required("offset_ms", sa.BigInteger),
        required("start_ms", sa.BigInteger),
        required("end_ms", sa.BigInteger),
        required("agreement", sa.Float),
        required("version", sa.Integer),
        unique("overlap", "first_id", "second_id"),
    )
    index("overlap", "second_id")


def create_engine_tables() -> None:
    """Weights, engines in use, thresholds in use, appearances that an engine left out."""
    create_keyed(
        "model",
        ("engine",),
        required("engine", sa.String),
        required("weights_sha256", sa.String),
        required("pinned_at", MOMENT),
    )
    for table, chosen in (("engine_choice", ()), ("threshold_choice", ("threshold",))):
        create(
            table,
            required("engine", sa.String),
            *(required(name, sa.Float) for name in chosen),
            required("reason", sa.String),
            required("actor", sa.String),
            required("chosen_at", MOMENT),
        )
    create_keyed(
        "omission",
        ("appearance_id", "engine"),
        link("omission", "appearance"),
        required("engine", sa.String),
        required("reason", sa.String),
    )
