"""The list of commands says what the commands say, and imports none of them."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from cli.deferred import Deferred
from cli.main import app

HEAVY = ("sqlmodel", "sqlalchemy", "celery", "fastapi", "torch", "numpy", "redis")
ANY_LENGTH = 1000


def commands(command: Any) -> Iterator[Deferred]:
    for each in getattr(command, "commands", {}).values():
        yield from commands(each)
    if isinstance(command, Deferred):
        yield command


def imported_by(*typed: str) -> list[str]:
    """What of the heavy libraries is there after a command."""
    code = (
        "import sys; from contextlib import suppress; from cli.main import run\n"
        f"sys.argv = {['nightreel', *typed]}\n"
        "with suppress(SystemExit): run()\n"
        f"print(*[name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stderr.splitlines()[-1].split()


@pytest.mark.parametrize("command", [*commands(app)], ids=lambda command: command.place)
def test_a_command_is_listed_with_its_own_words(command: Deferred) -> None:
    listed = command.get_short_help_str(ANY_LENGTH)
    assert listed
    assert listed == command.loaded.get_short_help_str(ANY_LENGTH)


@pytest.mark.parametrize("typed", ["--help", "models --help", "", "nonsense", "jobs nonsense"])
def test_help_and_words_that_are_no_command_import_nothing_heavy(typed: str) -> None:
    assert imported_by(*typed.split()) == []


def test_what_a_command_needs_is_imported_when_it_is_called() -> None:
    assert "sqlmodel" in imported_by("case", "list", "--help")
