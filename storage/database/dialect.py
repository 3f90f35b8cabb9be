"""The differences between SQLite and PostgreSQL; modules above never ask which of them is used.

The one exception is how a column is stored: its type decides that (`storage.tables`).
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import sqlalchemy
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Engine, create_engine, func, literal
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlmodel import Session, col

from faces.vectors import Vectors
from storage.database.copying import copied_vectors, insert_copied, write_rows, write_vectors
from storage.database.sqlite_engine import sqlite_engine
from storage.tables import Embedding, Table
from storage.tables.vectors import finite, matrix

CONNECT_SECONDS = 10
ROWS_AT_ONCE = 20_000
"""Vectors per block when reading."""
_MANY = 50
"""From this many rows on, COPY saves more time than its setup costs."""

_IN_USE = "The database's write-ahead log is in use and was not emptied; purge again later."
_EMBEDDING = ("appearance_id", "engine", "weights_sha256", "vector")

Block = tuple[NDArray[np.int64], Vectors]
Row = dict[str, Any]


class Dialect(ABC):
    """One kind of database. Methods that are not abstract work on both; a dialect may be faster."""

    has_vector_index: ClassVar[bool]
    """Whether it can index vectors (pgvector)."""

    @abstractmethod
    def engine(self, url: URL) -> Engine:
        """An engine for an address, not yet connected. Raises StoreUnavailable."""

    @abstractmethod
    def insert(self, table: type[Table]) -> Any:
        """An INSERT with `on_conflict_do_...`."""

    @abstractmethod
    def contains(self, column: Any, part: str | bytes) -> ColumnElement[bool]:
        """Whether a text or bytes column contains `part`; case-sensitive, without wildcards."""

    @abstractmethod
    def lock(self, connection: Connection, number: int, *, shared: bool = False) -> None:
        """Wait for the lock with this number and hold it until the commit, alone or shared."""

    @abstractmethod
    def scrub(self, database: Engine, tables: Sequence[str]) -> list[str]:
        """Remove deleted rows of these tables from the files; returns what remains and why."""

    def file_of(self, database: Engine) -> Path | None:  # noqa: ARG002
        """The database's file; None if it is not a single file."""
        return None

    def empty_log(self, database: Engine) -> bool:  # noqa: ARG002
        """Empty the write-ahead log if possible; returns whether other processes prevented it."""
        return False

    def upsert(
        self,
        session: Session,
        table: type[Table],
        rows: Sequence[Row],
        key: Sequence[str],
        are_new: bool,  # noqa: ARG002
    ) -> None:
        """Insert one or more rows with the same columns; rows whose key exists are updated.

        `are_new` states that no key exists yet, which may be faster.
        """
        insert = self.insert(table)
        values = {name: insert.excluded[name] for name in rows[0] if name not in key}
        upsert = insert.on_conflict_do_update(index_elements=key, set_=values)
        session.connection().execute(upsert, rows)

    def upsert_vectors(
        self,
        session: Session,
        ids: Sequence[int],
        vectors: Sequence[NDArray[np.float32]] | Vectors,
        engine: str,
        weights_sha256: str | None,
        are_new: bool,
    ) -> None:
        """`upsert` one or more embeddings: row i of `vectors` [n, d] belongs to `ids[i]`."""
        rows = [
            dict(zip(_EMBEDDING, (id, engine, weights_sha256, vector), strict=True))
            for id, vector in zip(ids, vectors, strict=True)
        ]
        self.upsert(session, Embedding, rows, _EMBEDDING[:2], are_new)

    def each_vector(
        self, session: Session, statement: sqlalchemy.Select[*tuple[Any, ...]]
    ) -> Iterator[Block]:
        """The (id, vector) rows of a statement, in blocks: ids [n] and vectors [n, d]."""
        result = session.execute(statement.execution_options(yield_per=ROWS_AT_ONCE))
        for rows in result.partitions():
            yield np.array([id for id, _ in rows], np.int64), matrix([vector for _, vector in rows])


class SQLite(Dialect):
    """A database file, written by one process at a time."""

    has_vector_index = False

    def engine(self, url: URL) -> Engine:
        return sqlite_engine(url)

    def file_of(self, database: Engine) -> Path | None:
        name = database.url.database
        return Path(name) if name and name != ":memory:" else None

    def insert(self, table: type[Table]) -> Any:
        return sqlite.insert(table)

    def contains(self, column: Any, part: str | bytes) -> ColumnElement[bool]:
        # LIKE ignores case here but not in PostgreSQL, and does not accept bytes.
        return func.instr(col(column), part) > 0

    def lock(self, connection: Connection, number: int, *, shared: bool = False) -> None:
        """Nothing to do: writers always wait for one another."""

    def empty_log(self, database: Engine) -> bool:
        # Uses the driver directly: the log cannot be emptied inside a transaction.
        connection = database.raw_connection()
        try:
            statement = "PRAGMA wal_checkpoint(TRUNCATE)"
            (busy, *_) = connection.cursor().execute(statement).fetchone()
        finally:
            connection.close()
        return bool(busy)

    def scrub(self, database: Engine, tables: Sequence[str]) -> list[str]:  # noqa: ARG002
        # Deleted pages were overwritten at once (secure_delete); only the write-ahead log remains.
        return [_IN_USE] if self.empty_log(database) else []


class PostgreSQL(Dialect):
    """A database server, written by many machines."""

    has_vector_index = True

    def engine(self, url: URL) -> Engine:
        return create_engine(
            url.set(drivername="postgresql+psycopg"),
            hide_parameters=True,
            pool_pre_ping=True,
            connect_args={"connect_timeout": CONNECT_SECONDS},
        )

    def insert(self, table: type[Table]) -> Any:
        return postgresql.insert(table)

    def contains(self, column: Any, part: str | bytes) -> ColumnElement[bool]:
        return func.position(literal(part).op("in")(col(column))) > 0

    def lock(self, connection: Connection, number: int, *, shared: bool = False) -> None:
        take = func.pg_advisory_xact_lock_shared if shared else func.pg_advisory_xact_lock
        connection.execute(sqlalchemy.select(take(number)))

    def scrub(self, database: Engine, tables: Sequence[str]) -> list[str]:
        with database.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            for table in tables:
                connection.exec_driver_sql(f'VACUUM (FULL) "{table}"')
            connection.exec_driver_sql("CHECKPOINT")
        return [
            "PostgreSQL's own files were not checked, and its write-ahead log and archives "
            "hold what was deleted until they are recycled; see docs/operator.md."
        ]

    def upsert(
        self,
        session: Session,
        table: type[Table],
        rows: Sequence[Row],
        key: Sequence[str],
        are_new: bool,
    ) -> None:
        if len(rows) < _MANY:
            super().upsert(session, table, rows, key, are_new)
            return
        write = partial(write_rows, table=table, rows=rows)
        insert_copied(session, table, list(rows[0]), key, write=write, are_new=are_new)

    def upsert_vectors(
        self,
        session: Session,
        ids: Sequence[int],
        vectors: Sequence[NDArray[np.float32]] | Vectors,
        engine: str,
        weights_sha256: str | None,
        are_new: bool,
    ) -> None:
        rows = finite(np.stack(list(vectors)), axes=2)

        def write(copy: Any) -> None:
            write_vectors(copy, np.array(ids), engine, weights_sha256, rows)

        key = _EMBEDDING[:2]
        insert_copied(
            session, Embedding, _EMBEDDING, key, write=write, form="BINARY", are_new=are_new
        )

    def each_vector(
        self, session: Session, statement: sqlalchemy.Select[*tuple[Any, ...]]
    ) -> Iterator[Block]:
        return copied_vectors(session, statement, at_once=ROWS_AT_ONCE)


DIALECTS: dict[str, Dialect] = {"sqlite": SQLite(), "postgresql": PostgreSQL()}
"""By SQLAlchemy's backend name."""


def dialect_of(where: Engine | Connection | Session) -> Dialect:
    """The dialect of a database that `connect` opened."""
    bind = where.get_bind() if isinstance(where, Session) else where
    return DIALECTS[bind.dialect.name]
