"""The migrations, run by Alembic on a connection that nobody else writes through."""

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
    """Bring the tables to a version, the newest unless another is named; again does nothing.

    `master` reads the master key, where vectors have to be sealed on the way. Raises WrongDatabase
    when the tables are newer than the newest, or another program's; WrongUsage without the key.
    """
    config = configuration(connection, master)
    _refuse_stranger(connection, ScriptDirectory.from_config(config))
    command.upgrade(config, version)


def configuration(
    connection: Connection | None = None, master: Callable[[], bytes] | None = None
) -> Config:
    """What Alembic's commands need to work on a connection."""
    config = Config()
    config.set_main_option("script_location", "storage:migrations")
    config.attributes |= {"connection": connection, "master": master}
    return config


def _refuse_stranger(connection: Connection, scripts: ScriptDirectory) -> None:
    versions = set(MigrationContext.configure(connection).get_current_heads())
    if versions - {script.revision for script in scripts.walk_revisions()}:
        raise WrongDatabase(
            "The database was written by a newer Nightreel or by another program; "
            "install the newer version or use another address."
        )
    if not versions and set(Table.metadata.tables) & set(inspect(connection).get_table_names()):
        raise WrongDatabase(
            "The database holds another program's tables; use another database address."
        )
