"""Vectors of appearances move to a table of their own, those of reference photos are sealed."""

import hashlib
import json
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import sqlalchemy as sa
from alembic import op
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from sqlalchemy.dialects import postgresql

from errors import WrongUsage
from storage.migrations.release_0_2.changed import altered
from storage.migrations.release_0_2.guards import note_changes_of_embeddings
from storage.migrations.release_0_2.parts import (
    MOMENT,
    create,
    create_keyed,
    index,
    is_sqlite,
    link,
    required,
)

BATCH_ROWS = 10_000
OF_APPEARANCES = (
    "SELECT appearance.id, plan.engine, appearance.vector FROM appearance"
    " JOIN analysis ON analysis.id = appearance.analysis_id"
    " JOIN plan ON plan.key = analysis.plan_key"
)
OF_PHOTOS = (
    "select reference.id, case_id, person_id, photo_sha256, engine, vector from reference"
    " join person on person.id = reference.person_id where vector is not null"
)
Sealed = dict[str, Any]


def move_vectors_of_appearances() -> None:
    """An appearance has a vector of each engine that embedded it."""
    _create_embedding(sa.LargeBinary() if is_sqlite() else postgresql.ARRAY(sa.REAL))
    if is_sqlite():
        op.execute(f"INSERT INTO embedding (appearance_id, engine, vector) {OF_APPEARANCES}")
    else:
        # Short enough to stay in the row; by itself it would be moved out of it at 2 kB.
        op.execute("ALTER TABLE embedding ALTER COLUMN vector SET STORAGE MAIN")
        _copy_as_arrays()
    op.drop_column("appearance", "vector")
    create(
        "embedding_change",
        required("token", sa.BigInteger),
        required("engine", sa.String),
        required("appearance_id", sa.Integer),
    )
    if is_sqlite():
        note_changes_of_embeddings()


def _create_embedding(vector: sa.types.TypeEngine[Any]) -> None:
    create_keyed(
        "embedding",
        ("appearance_id", "engine"),
        link("embedding", "appearance"),
        required("engine", sa.String),
        sa.Column("weights_sha256", sa.String),
        required("vector", vector),
    )


def _copy_as_arrays() -> None:
    embedding = sa.table(
        "embedding",
        sa.column("appearance_id", sa.Integer),
        sa.column("engine", sa.String),
        sa.column("vector", postgresql.ARRAY(sa.REAL)),
    )
    vectors = sa.text(OF_APPEARANCES).execution_options(yield_per=BATCH_ROWS)
    for rows in op.get_bind().execute(vectors).partitions():
        values = [
            {"appearance_id": id, "engine": engine, "vector": np.frombuffer(v, "<f4").tolist()}
            for id, engine, v in rows
        ]
        op.bulk_insert(embedding, values)


def seal_vectors_of_photos() -> None:
    """Each with a key of its case; no plain one is kept. Raises WrongUsage without the key file."""
    sealed = _sealed(op.get_bind().execute(sa.text(OF_PHOTOS)).all())
    op.add_column("reference", sa.Column("withdrawn_at", MOMENT))
    op.add_column("reference", sa.Column("source", sa.String))
    # SQLite drops the old table and overwrites its pages, whatever had been left in them.
    with altered("reference") as reference:
        for name, kind in (
            ("appearance_id", sa.Integer),
            ("sealed_vector", sa.LargeBinary),
            ("key_id", sa.Integer),
        ):
            reference.add_column(sa.Column(name, kind))
        for name, parent in (("appearance_id", "appearance"), ("key_id", "data_key")):
            reference.create_foreign_key(
                f"fk_reference_{name}", parent, [name], ["id"], ondelete="SET NULL"
            )
        reference.drop_column("vector")
    index("reference", "appearance_id")
    index("reference", "key_id")
    _store(sealed)
    if not is_sqlite():
        _leave_the_old_file()


def _sealed(rows: Sequence[Any]) -> list[Sealed]:
    key_of = cache(_make_key)
    found = []
    for row in rows:
        key_id, secret = key_of(row.case_id)
        about = ["reference vector 1", key_id, row.person_id, row.photo_sha256, row.engine]
        sealed = AESSIV(secret).encrypt(bytes(row.vector), [json.dumps(about).encode()])
        found.append({"row": row.id, "sealed": sealed, "key": key_id})
    return found


def _make_key(case_id: int) -> tuple[int, bytes]:
    """A key for a case: its number, and the key."""
    master, secret = _master(), AESSIV.generate_key(512)
    table = sa.table("data_key", *map(sa.column, ("id", "case_id", "wrapped", "master")))
    row = table.insert().values(
        case_id=case_id,
        wrapped=aes_key_wrap(master, secret),
        master=hashlib.sha256(master).hexdigest()[:16],
    )
    return op.get_bind().execute(row.returning(table.c.id)).scalar_one(), secret


def _master() -> bytes:
    master: Callable[[], bytes] | None = op.get_context().config.attributes["master"]  # type: ignore[union-attr]
    if master is None:
        raise WrongUsage(
            "The vectors kept here are to be sealed, for which the key file is needed; "
            "run `nightreel status` once."
        )
    return master()


def _store(sealed: Sequence[Sealed]) -> None:
    into = sa.text("update reference set sealed_vector = :sealed, key_id = :key where id = :row")
    if sealed:
        op.get_bind().execute(into, sealed)


def _leave_the_old_file() -> None:
    # PostgreSQL keeps a dropped column, and rows as they were, until the table is written again,
    # which this does: into a file of its own, and without them.
    op.execute(
        "alter table reference alter column sealed_vector type bytea"
        " using sealed_vector || ''::bytea"
    )
