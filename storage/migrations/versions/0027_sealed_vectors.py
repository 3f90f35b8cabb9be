"""Vectors of reference photos are sealed with the key of their case; no plain one is kept."""

import hashlib
import json
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from alembic import op
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from errors import WrongUsage

revision = "0027"
down_revision: str | None = "0026"
branch_labels: str | None = None
depends_on: str | None = None

PLAIN = (
    "select reference.id, case_id, person_id, photo_sha256, engine, vector from reference"
    " join person on person.id = reference.person_id where vector is not null"
)
KEY = ("fk_reference_key_id", "data_key", ["key_id"], ["id"])
Sealed = dict[str, Any]


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    sealed = _sealed(op.get_bind().execute(sa.text(PLAIN)).all())
    if is_sqlite:
        _write_anew()
    else:
        _alter()
    op.create_index("ix_reference_key_id", "reference", ["key_id"])
    _store(sealed)
    if not is_sqlite:
        _leave_the_old_file()


def _sealed(rows: Sequence[Any]) -> list[Sealed]:
    key_of = cache(_key_of)
    found = []
    for row in rows:
        key_id, secret = key_of(row.case_id)
        about = ["reference vector 1", key_id, row.person_id, row.photo_sha256, row.engine]
        sealed = AESSIV(secret).encrypt(bytes(row.vector), [json.dumps(about).encode()])
        found.append({"row": row.id, "sealed": sealed, "key": key_id})
    return found


def _key_of(case_id: int) -> tuple[int, bytes]:
    """The number of a case's key, and the key; made where the case has none."""
    master = _master()
    found = sa.text("select id, wrapped from data_key where case_id = :case")
    row = op.get_bind().execute(found, {"case": case_id}).one_or_none()
    if row is None:
        _make_key(case_id, master)
        row = op.get_bind().execute(found, {"case": case_id}).one()
    try:
        return row.id, aes_key_unwrap(master, bytes(row.wrapped))
    except InvalidUnwrap:
        raise _other_master() from None


def _make_key(case_id: int, master: bytes) -> None:
    fingerprint = hashlib.sha256(master).hexdigest()[:16]
    others = sa.text("select count(*) from data_key where master <> :master")
    if op.get_bind().execute(others, {"master": fingerprint}).scalar_one():
        raise _other_master()
    key = sa.table("data_key", *map(sa.column, ("case_id", "wrapped", "master")))
    wrapped = aes_key_wrap(master, AESSIV.generate_key(512))
    op.execute(key.insert().values(case_id=case_id, wrapped=wrapped, master=fingerprint))


def _master() -> bytes:
    master: Callable[[], bytes] | None = op.get_context().config.attributes["master"]  # type: ignore[union-attr]
    if master is None:
        raise WrongUsage(
            "The vectors kept here are to be sealed, for which the key file is needed; "
            "run `nightreel status` once."
        )
    return master()


def _other_master() -> WrongUsage:
    return WrongUsage(
        "The key file is not the one that this archive was sealed with; put that one back, "
        "or let NIGHTREEL_KEY_FILE name it."
    )


def _write_anew() -> None:
    # The old table is dropped and its pages are overwritten, whatever had been left in them. A new
    # one does not know the highest id there ever was.
    highest = op.get_bind().exec_driver_sql(
        "select seq from sqlite_sequence where name = 'reference'"
    ).scalar()  # fmt: skip
    with op.batch_alter_table("reference", table_kwargs={"sqlite_autoincrement": True}) as table:
        for column in _columns():
            table.add_column(column)
        table.create_foreign_key(*KEY, ondelete="SET NULL")
        table.drop_column("vector")
    op.execute("delete from sqlite_sequence where name = 'reference'")
    if highest is not None:
        op.execute(f"insert into sqlite_sequence values ('reference', {highest})")


def _alter() -> None:
    for column in _columns():
        op.add_column("reference", column)
    name, parent, *columns = KEY
    op.create_foreign_key(name, "reference", parent, *columns, ondelete="SET NULL")
    op.drop_column("reference", "vector")


def _columns() -> tuple[sa.Column[Any], ...]:
    return sa.Column("sealed_vector", sa.LargeBinary), sa.Column("key_id", sa.Integer)


def _store(sealed: Sequence[Sealed]) -> None:
    into = sa.text("update reference set sealed_vector = :sealed, key_id = :key where id = :row")
    if sealed:
        op.get_bind().execute(into, sealed)


def _leave_the_old_file() -> None:
    # PostgreSQL keeps a dropped column, and rows as they were, until the table is written anew,
    # which this does: into a file of its own, and without them.
    op.execute(
        "alter table reference alter column sealed_vector type bytea"
        " using sealed_vector || ''::bytea"
    )
