"""What differs between SQLite and PostgreSQL; nothing above asks which of the two it has.

The one exception is how a column is stored: SQLAlchemy asks that of the type (`storage.tables`).
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import sqlalchemy
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Engine, create_engine, event, func, literal
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlmodel import Session, col

from errors import StoreUnavailable
from faces.vectors import Vectors
from storage.database.copying import copied_vectors, insert_copied, write_rows, write_vectors
from storage.tables import Embedding, Table
from storage.tables.vectors import finite, matrix

BUSY_SECONDS = 30
CONNECT_SECONDS = 10
ROWS_AT_ONCE = 20_000
"""Vectors that are read in one block."""
_MANY = 50
"""From this many rows on, COPY saves more than its preparations cost."""

_IN_USE = "The database's write-ahead log is in use and was not emptied; purge again later."
_EMBEDDING = ("appearance_id", "engine", "weights_sha256", "vector")

Block = tuple[NDArray[np.int64], Vectors]
Row = dict[str, Any]


class Dialect(ABC):
    """One kind of database; what is not abstract is done in the same way by both, if not faster."""

    has_vector_index: ClassVar[bool]
    """Whether it can have an index over vectors (pgvector)."""

    @abstractmethod
    def engine(self, url: URL) -> Engine:
        """An engine for an address; nothing is connected yet. Raises StoreUnavailable."""

    @abstractmethod
    def insert(self, table: type[Table]) -> Any:
        """An INSERT that can say what happens when its key is taken."""

    @abstractmethod
    def contains(self, column: Any, part: str | bytes) -> ColumnElement[bool]:
        """Whether a text or bytes hold a part, capitals and wildcards taken as they are."""

    @abstractmethod
    def lock(self, connection: Connection, number: int) -> None:
        """Wait until no other transaction holds this number; it is ours until the commit."""

    @abstractmethod
    def scrub(self, database: Engine, tables: Sequence[str]) -> list[str]:
        """Let deleted rows of these tables leave the database's files; what is left, and why."""

    def file_of(self, database: Engine) -> Path | None:  # noqa: ARG002
        """The file that is the database; None where there is none."""
        return None

    def empty_log(self, database: Engine) -> bool:  # noqa: ARG002
        """Empty the log of writes, where that can be done; whether others kept it from that."""
        return False

    def upsert(
        self,
        session: Session,
        table: type[Table],
        rows: Sequence[Row],
        key: Sequence[str],
        are_new: bool,  # noqa: ARG002
    ) -> None:
        """Insert rows, at least one, of the same columns; those whose key is taken are updated.

        `are_new` says that no key is taken: that may be faster.
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
        """`upsert` of embeddings, at least one: row i of `vectors` [n, d] is of appearance i."""
        rows = [
            dict(zip(_EMBEDDING, (id, engine, weights_sha256, vector), strict=True))
            for id, vector in zip(ids, vectors, strict=True)
        ]
        self.upsert(session, Embedding, rows, _EMBEDDING[:2], are_new)

    def each_vector(
        self, session: Session, statement: sqlalchemy.Select[*tuple[Any, ...]]
    ) -> Iterator[Block]:
        """What a statement reads as ids (integers) and vectors, in blocks: [n] and [n, d]."""
        found = session.execute(statement.execution_options(yield_per=ROWS_AT_ONCE))
        for rows in found.partitions():
            yield np.array([id for id, _ in rows], np.int64), matrix([each for _, each in rows])


class SQLite(Dialect):
    """A file that one process at a time writes."""

    has_vector_index = False

    def engine(self, url: URL) -> Engine:
        if url.database and url.database != ":memory:":
            _create_private(Path(url.database))
        engine = create_engine(url, hide_parameters=True, connect_args={"timeout": BUSY_SECONDS})
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
        return engine

    def file_of(self, database: Engine) -> Path | None:
        name = database.url.database
        return Path(name) if name and name != ":memory:" else None

    def insert(self, table: type[Table]) -> Any:
        return sqlite.insert(table)

    def contains(self, column: Any, part: str | bytes) -> ColumnElement[bool]:
        # LIKE ignores capitals here and not in PostgreSQL, and takes no bytes.
        return func.instr(col(column), part) > 0

    def lock(self, connection: Connection, number: int) -> None:
        """Nothing to do: writers wait for one another in any case."""

    def empty_log(self, database: Engine) -> bool:
        # Through the driver itself: it cannot be emptied inside a transaction.
        connection = database.raw_connection()
        try:
            statement = "PRAGMA wal_checkpoint(TRUNCATE)"
            (busy, *_) = connection.cursor().execute(statement).fetchone()
        finally:
            connection.close()
        return bool(busy)

    def scrub(self, database: Engine, tables: Sequence[str]) -> list[str]:  # noqa: ARG002
        # Deleted pages were overwritten at once (secure_delete). What is left is the log of writes.
        return [_IN_USE] if self.empty_log(database) else []


class PostgreSQL(Dialect):
    """A server that many machines write to."""

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

    def lock(self, connection: Connection, number: int) -> None:
        connection.execute(sqlalchemy.select(func.pg_advisory_xact_lock(number)))

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
"""By SQLAlchemy's name."""


def dialect_of(where: Engine | Connection | Session) -> Dialect:
    """The dialect of one of our databases."""
    bind = where.get_bind() if isinstance(where, Session) else where
    return DIALECTS[bind.dialect.name]


def _create_private(file: Path) -> None:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)
    except OSError as error:
        raise StoreUnavailable(
            f"The database file {file} cannot be opened ({error.strerror}); check its folder."
        ) from error


def _prepare(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver would begin transactions on its own
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA secure_delete = ON")


def _begin(connection: Connection) -> None:
    # A transaction that reads first and writes later fails at once when another has written in
    # between, however long the timeout: so writers say so at the beginning, and readers cannot.
    options = connection.get_execution_options()
    writes = bool(options.get("writes"))
    # A migration that rewrites a table drops it first: its children must not go with it, and its
    # triggers are to stand meanwhile.
    children, triggers = ("OFF", "ON") if options.get("migrates") else ("ON", "OFF")
    connection.exec_driver_sql(f"PRAGMA foreign_keys = {children}")
    connection.exec_driver_sql(f"PRAGMA legacy_alter_table = {triggers}")
    connection.exec_driver_sql(f"PRAGMA query_only = {'OFF' if writes else 'ON'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
