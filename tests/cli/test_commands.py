"""Commands are listed with their own words, and none imports what it has no use for."""

import pkgutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from command_line import Nightreel, ended

import cli
from cli.deferred import Deferred
from cli.main import app

ENGINES = {"torch", "deepface", "dlib", "cv2", "pandas", "pyarrow", "scipy", "sklearn"}
SERVERS = {"fastapi", "starlette", "uvicorn", "prometheus_client"}
QUEUES = {"celery", "kombu", "redis"}
DATABASES = {"sqlmodel", "sqlalchemy", "alembic", "numpy"}
ASKING_NOBODY = (
    "audit", "calibration", "cases", "changes", "exports", "jobs", "purge", "report", "results",
    "search", "status", "tokens", "verify",
)  # fmt: skip
ANY_LENGTH = 1000


def commands(command: Any) -> Iterator[Deferred]:
    for each in getattr(command, "commands", {}).values():
        yield from commands(each)
    if isinstance(command, Deferred):
        yield command


def imported_after(code: str, libraries: set[str]) -> set[str]:
    """Which of some libraries are there once a process has run some code."""
    code = f"import sys\n{code}\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return libraries & set(done.stderr.splitlines()[-1].split())


def typed(line: str) -> str:
    """The code of a command line."""
    return (
        "from contextlib import suppress; from cli.main import run\n"
        f"sys.argv = {['nightreel', *line.split()]}\n"
        "with suppress(SystemExit): run()"
    )


def modules(names: Iterable[str]) -> str:
    """The code that imports some of `cli`."""
    return f"import {', '.join(f'cli.{name}' for name in names)}"


@pytest.mark.parametrize("command", [*commands(app)], ids=lambda command: command.place)
def test_a_command_is_listed_with_its_own_words(command: Deferred) -> None:
    listed = command.get_short_help_str(ANY_LENGTH)
    assert listed
    assert listed == command.loaded.get_short_help_str(ANY_LENGTH)


@pytest.mark.parametrize("line", ["--help", "models --help", "", "nonsense", "jobs nonsense"])
def test_help_and_words_that_are_no_command_import_nothing_heavy(line: str) -> None:
    assert not imported_after(typed(line), ENGINES | SERVERS | QUEUES | DATABASES)


def test_what_a_command_needs_is_imported_when_it_is_called() -> None:
    assert "sqlmodel" in imported_after(typed("case list --help"), DATABASES)


def test_no_command_imports_an_engine_or_a_server_before_it_is_needed() -> None:
    every = [one.name for one in pkgutil.iter_modules(cli.__path__)]
    assert not imported_after(modules(every), ENGINES | SERVERS)


def test_commands_that_ask_no_worker_for_anything_import_no_queue() -> None:
    assert not imported_after(modules(ASKING_NOBODY), ENGINES | SERVERS | QUEUES)


def test_a_command_that_has_ended_leaves_no_log_beside_the_database(nightreel: Nightreel) -> None:
    assert ended(nightreel.start("case", "list")).code == 0
    assert [one.name for one in nightreel.home.glob("nightreel.db*")] == ["nightreel.db"]
