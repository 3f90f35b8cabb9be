"""How connections to a SQLite file are opened, and their transactions begun."""

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL

from errors import StoreUnavailable

BUSY_SECONDS = 30
"""How long a writer waits for another one."""


def sqlite_engine(url: URL) -> Engine:
    """An engine for a file, which is created for its owner alone if missing.

    Raises StoreUnavailable.
    """
    if url.database and url.database != ":memory:":
        _create_private(Path(url.database))
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _create_private(file: Path) -> None:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)
    except OSError as error:
        raise StoreUnavailable(
            f"The database file {file} cannot be opened ({error.strerror}); check its folder."
        ) from error


def _prepare(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # otherwise the driver begins transactions itself
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA secure_delete = ON")


def _begin(connection: Connection) -> None:
    # A transaction that reads first and writes later fails at once if another has written in
    # between, whatever the timeout. So writers lock at the beginning, and readers cannot write.
    options = connection.get_execution_options()
    writes = bool(options.get("writes"))
    # A migration that rewrites a table drops it first: its child rows must not be deleted with it,
    # and its triggers must survive.
    children, triggers = ("OFF", "ON") if options.get("migrates") else ("ON", "OFF")
    connection.exec_driver_sql(f"PRAGMA foreign_keys = {children}")
    connection.exec_driver_sql(f"PRAGMA legacy_alter_table = {triggers}")
    connection.exec_driver_sql(f"PRAGMA query_only = {'OFF' if writes else 'ON'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
