"""Make an engine from a database address, and sessions that read or write from an engine."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, inspect, text
from sqlalchemy import Engine as Engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session as Session

from errors import NightreelError, StoreUnavailable, WrongDatabase, WrongUsage
from storage.database.dialect import DIALECTS, dialect_of

NEWEST_VERSION = "0034"
"""Schema version of the newest migration."""
SEALED_VERSION = "0029"
"""From this version on no table holds an unsealed reference vector; SQLite's write-ahead log may.
"""
_UPGRADE_LOCK = 0x4E524C  # any number, as long as every process takes the same one


def connect(url: str) -> Engine:
    """Make an engine for a `sqlite:///` or `postgresql://` address, without connecting.

    A SQLite file is created readable by its owner only. Values never appear in error messages.
    Raises WrongUsage for any other address and StoreUnavailable if the file cannot be created.
    """
    try:
        address = make_url(url)
    except ArgumentError:
        raise WrongUsage("The database address cannot be read; check it.") from None
    dialect = DIALECTS.get(address.get_backend_name())
    if dialect is None:
        raise WrongUsage("The database must be SQLite or PostgreSQL; use another address.")
    return dialect.engine(address)


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A read-only session; on SQLite it sees one consistent state. Raises as `writing`."""
    readers = engine.execution_options(postgresql_readonly=True)
    with _explained(), Session(readers, expire_on_commit=False) as session:
        yield session


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """A session that commits at the end, or rolls back when the block raises.

    Raises StoreUnavailable when the database is locked, full or unreachable, and WrongDatabase
    when it is damaged or has no Nightreel tables.
    """
    writers = engine.execution_options(writes=True)
    with _explained(), Session(writers, expire_on_commit=False) as session, session.begin():
        yield session


def database_of(session: Session) -> Engine:
    """The engine of a session, to open another session."""
    bind = session.get_bind()
    return bind if isinstance(bind, Engine) else bind.engine


def upgrade(engine: Engine, master: Callable[[], bytes] | None = None) -> None:
    """Migrate the tables to this program's version; several processes may call this at once.

    A process waits while another migrates. `master` reads the master key, for a database whose
    references are not sealed yet. Raises, without changing anything, WrongDatabase when the
    database is newer or belongs to another program, WrongUsage when that key is missing or is a
    different one, and StoreUnavailable when it takes too long. Also raises StoreUnavailable when
    only the write-ahead log could not be emptied; the references are sealed then.
    """
    with reading(engine) as session:
        if _version(session.connection()) == NEWEST_VERSION:
            return
    _migrate(engine, SEALED_VERSION, master)
    if empty_log(engine):
        raise StoreUnavailable(
            "Vectors were sealed, but the database's write-ahead log still holds them unsealed "
            "because another process uses it; stop every other Nightreel, then start again."
        )
    _migrate(engine, NEWEST_VERSION, master)


def empty_log(engine: Engine) -> bool:
    """Empty SQLite's write-ahead log; returns whether other processes prevented it."""
    with _explained():
        return dialect_of(engine).empty_log(engine)


def scrub_tables(engine: Engine, tables: Sequence[str]) -> list[str]:
    """Remove deleted rows of these tables from the files; returns what remains and why."""
    with _explained():
        return dialect_of(engine).scrub(engine, tables)


def _migrate(engine: Engine, version: str, master: Callable[[], bytes] | None) -> None:
    from storage.database import (
        migrate,  # Alembic takes as long to import as all else a worker needs
    )

    migrating = engine.execution_options(writes=True, migrates=True)
    try:
        with _explained(), migrating.begin() as connection:
            dialect_of(connection).lock(connection, _UPGRADE_LOCK)
            migrate.to_version(connection, version, master=master)
    except StoreUnavailable as error:
        raise StoreUnavailable(
            "The tables are of an earlier version and cannot be brought to this one now, as when "
            f"another process is at it; nothing was changed. {error}"
        ) from error


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("select version_num from alembic_version")).scalar()


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except PoolTimeout as error:
        raise StoreUnavailable(
            "Every database connection is in use; try again, or run fewer workers."
        ) from error
    except DBAPIError as error:
        explanation = _explain(error)
        if explanation is None:
            raise
        raise explanation from error


def _explain(error: DBAPIError) -> NightreelError | None:
    detail = str(error.orig).strip().partition("\n")[0]
    if "not a database" in detail or "malformed" in detail:
        return WrongDatabase("The database file is damaged or not a database; restore or move it.")
    if "no such table" in detail or getattr(error.orig, "sqlstate", None) == "42P01":
        return WrongDatabase("The database has no Nightreel tables; upgrade it before use.")
    if isinstance(error, OperationalError | InterfaceError):
        return StoreUnavailable(
            f"The database refused the operation ({detail}); "
            "check the disk or the database server, then try again."
        )
    return None
