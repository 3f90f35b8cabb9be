"""Write a consistent state of the database to a file while other processes write to it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import func, inspect
from sqlalchemy.engine import make_url
from sqlmodel import Session, select

from errors import DiskFull, StoreUnavailable, WrongDatabase
from storage.database import pg_client
from storage.database.database import Engine, connect, reading

FILE_OF = {"sqlite": "nightreel.db", "postgresql": "database.dump"}
"""Name of a snapshot's file, by the kind of database."""
DAMAGED = "The database is damaged ({}); restore an earlier backup."


@contextmanager
def snapshot(database: Engine, folder: Path) -> Iterator[Session]:
    """Write the database's current state into `folder`; the session reads that same state.

    Raises WrongDatabase for a damaged database, DiskFull, StoreUnavailable.
    """
    file = folder / FILE_OF[database.dialect.name]
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    if database.dialect.name == "postgresql":
        with _exported(database, file) as session:
            yield session
        return
    _copy_sqlite(database, file)
    copied = connect(f"sqlite:///{file}")
    try:
        refuse_damaged(copied)
        with reading(copied) as session:
            yield session
    finally:
        copied.dispose()  # the last connection removes the write-ahead log: one file remains


def refuse_damaged(database: Engine) -> None:
    """Check a SQLite file's integrity and foreign keys; raises WrongDatabase if damaged."""
    with reading(database) as session:
        for check in ("integrity_check(1)", "foreign_key_check"):
            problem = session.connection().exec_driver_sql(f"PRAGMA {check}").first()
            if problem is not None and problem[0] != "ok":
                raise WrongDatabase(DAMAGED.format(str(problem[0]).splitlines()[0]))


def file_of(url: str) -> Path | None:
    """The file that a SQLite address names; None for another kind of database."""
    address = make_url(url)
    return Path(address.database or "") if address.get_backend_name() == "sqlite" else None


def is_empty(database: Engine) -> bool:
    """Whether a database has no table. Raises StoreUnavailable."""
    with reading(database) as session:
        return not inspect(session.connection()).get_table_names()


@contextmanager
def _exported(database: Engine, file: Path) -> Iterator[Session]:
    repeatable = database.execution_options(isolation_level="REPEATABLE READ")
    with reading(repeatable) as session:
        name = session.exec(select(func.pg_export_snapshot())).one()
        pg_client.dump(database, name, file)
        yield session


def _copy_sqlite(database: Engine, file: Path) -> None:
    connection = database.raw_connection()
    try:
        with closing(sqlite3.connect(file)) as target:
            source = connection.driver_connection
            assert isinstance(source, sqlite3.Connection)
            source.backup(target)  # in one step: a write between two steps would restart it
    except sqlite3.Error as error:
        raise _explained(error) from error
    finally:
        connection.close()


def _explained(error: sqlite3.Error) -> Exception:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return WrongDatabase(DAMAGED.format(error))
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return DiskFull(f"The disk did not take the database ({error}).")
    return StoreUnavailable(f"The database cannot be copied now ({error}); try again.")
