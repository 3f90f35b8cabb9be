"""The migrations, run by Alembic on a connection that nobody else writes through."""

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from errors import WrongDatabase
from storage.tables import Table


def to_newest(connection: Connection) -> None:
    """Bring the tables to the newest version; again does nothing.

    Raises WrongDatabase when they are newer than that, or another program's.
    """
    config = configuration(connection)
    _refuse_stranger(connection, ScriptDirectory.from_config(config))
    command.upgrade(config, "head")


def newest_version() -> str | None:
    """The version that `to_newest` leads to."""
    return ScriptDirectory.from_config(configuration()).get_current_head()


def configuration(connection: Connection | None = None) -> Config:
    """What Alembic's commands need to work on a connection."""
    config = Config()
    config.set_main_option("script_location", "storage:migrations")
    config.attributes["connection"] = connection
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
