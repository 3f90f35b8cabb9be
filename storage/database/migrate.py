"""Run the migrations with Alembic, on a connection that holds the write lock."""

from collections.abc import Callable

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from errors import WrongDatabase
from storage.tables import Table


def to_version(
    connection: Connection, version: str = "head", *, master: Callable[[], bytes] | None = None
) -> None:
    """Migrate the tables to a version, by default the newest; does nothing if already there.

    `master` reads the master key, needed if vectors have to be sealed on the way. Raises
    WrongDatabase when the tables are newer than the newest migration or belong to another program,
    and WrongUsage without that key.
    """
    config = configuration(connection, master)
    _refuse_stranger(connection, ScriptDirectory.from_config(config))
    command.upgrade(config, version)


def configuration(
    connection: Connection | None = None, master: Callable[[], bytes] | None = None
) -> Config:
    """The configuration for Alembic's commands on a connection."""
    config = Config()
    config.set_main_option("script_location", "storage:migrations")
    config.attributes |= {"connection": connection, "master": master}
    return config


def _refuse_stranger(connection: Connection, scripts: ScriptDirectory) -> None:
    versions = set(MigrationContext.configure(connection).get_current_heads())
    known = {script.revision for script in scripts.walk_revisions()}
    if any(version < max(known) for version in versions - known):
        raise WrongDatabase(
            "The database was written by an unreleased Nightreel, and this one cannot upgrade it; "
            "open it with the program that wrote it or use another address."
        )
    if versions - known:
        raise WrongDatabase(
            "The database was written by a newer Nightreel or by another program; "
            "install the newer version or use another address."
        )
    if not versions and set(Table.metadata.tables) & set(inspect(connection).get_table_names()):
        raise WrongDatabase(
            "The database holds another program's tables; use another database address."
        )
