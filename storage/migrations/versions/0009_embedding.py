"""Vectors of several engines for one appearance, and candidates of several engines."""

from typing import Any

import numpy as np
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision: str | None = "0008"
branch_labels: str | None = None
depends_on: str | None = None

AT_ONCE = 10_000


def upgrade() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    _create_embedding(postgresql.ARRAY(sa.REAL) if is_postgresql else sa.LargeBinary())
    if is_postgresql:
        # Short enough to stay in the row; by itself it would be moved out of it at 2 kB.
        op.execute("ALTER TABLE embedding ALTER COLUMN vector SET STORAGE MAIN")
        _copy_as_arrays()
    else:
        op.execute(f"INSERT INTO embedding (appearance_id, engine, vector) {_VECTORS}")
    op.drop_column("appearance", "vector")
    _add_engine_to_candidate()


_VECTORS = (
    "SELECT appearance.id, plan.engine, appearance.vector FROM appearance"
    " JOIN analysis ON analysis.id = appearance.analysis_id"
    " JOIN plan ON plan.key = analysis.plan_key"
)


def _create_embedding(vector: sa.types.TypeEngine[Any]) -> None:
    appearance = sa.ForeignKey(
        "appearance.id", name="fk_embedding_appearance_id", ondelete="CASCADE"
    )
    op.create_table(
        "embedding",
        sa.Column("appearance_id", sa.Integer, appearance, nullable=False),
        sa.Column("engine", sa.String, nullable=False),
        sa.Column("weights_sha256", sa.String),
        sa.Column("vector", vector, nullable=False),
        sa.PrimaryKeyConstraint("appearance_id", "engine", name="pk_embedding"),
    )


def _copy_as_arrays() -> None:
    embedding = sa.table(
        "embedding",
        sa.column("appearance_id", sa.Integer),
        sa.column("engine", sa.String),
        sa.column("vector", postgresql.ARRAY(sa.REAL)),
    )
    vectors = sa.text(_VECTORS).execution_options(yield_per=AT_ONCE)
    for rows in op.get_bind().execute(vectors).partitions():
        values = [
            {"appearance_id": id, "engine": engine, "vector": np.frombuffer(v, "<f4").tolist()}
            for id, engine, v in rows
        ]
        op.bulk_insert(embedding, values)


def _add_engine_to_candidate() -> None:
    op.add_column("candidate", sa.Column("engine", sa.String))
    op.execute(
        "UPDATE candidate SET engine ="
        " (SELECT engine FROM reference WHERE reference.id = candidate.reference_id)"
    )
    # The table is written anew on SQLite, which would forget the highest id there ever was.
    highest = _highest_id() if op.get_bind().dialect.name == "sqlite" else None
    with op.batch_alter_table(
        "candidate", table_kwargs={"sqlite_autoincrement": True}
    ) as candidate:
        candidate.alter_column("engine", existing_type=sa.String, nullable=False)
        candidate.drop_constraint("uq_candidate_person_id_appearance_id", type_="unique")
        candidate.create_unique_constraint(
            "uq_candidate_person_id_appearance_id_engine", ["person_id", "appearance_id", "engine"]
        )
    if highest is not None:
        op.execute(f"UPDATE sqlite_sequence SET seq = {highest} WHERE name = 'candidate'")


def _highest_id() -> int | None:
    ever = sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'candidate'")
    highest: int | None = op.get_bind().execute(ever).scalar()
    return highest
