"""The account that the first machine makes for the user who starts it."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from command_line import Nightreel
from rows import NOW
from sqlalchemy import Engine

from cli import accounts as commands
from cli.accounts import make_first_account
from pipeline.act import Caller


def test_machines_that_start_at_the_same_moment_make_one(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have looked before either has written."""
    both_looked, looked = Barrier(2), commands.accounts.any_account

    def look_together(database: Engine) -> bool:
        found = looked(database)
        both_looked.wait(20)
        return found

    asked = Caller(database, "uid:1000", NOW)
    monkeypatch.setattr(commands.accounts, "any_account", look_together)
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(lambda _: make_first_account(asked), range(2)))

    assert len([one for one in made if one is not None]) == 1
    monkeypatch.undo()
    assert commands.accounts.any_account(database)


def test_its_password_is_all_that_standard_output_gets(nightreel: Nightreel) -> None:
    """So that it can be read in a container, which has no terminal."""
    done = nightreel("account", "add", "boss", "--role", "operator")
    assert done.code == 0
    (password,) = done.out.splitlines()
    assert len(password) >= 12
    assert "is not shown again" in done.err
    assert password not in nightreel("account", "list", "--json").out
