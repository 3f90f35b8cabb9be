"""Logging in: what is recorded, by whom, and which session remains."""

from datetime import timedelta

import pytest
from rows import NOW
from sqlalchemy import Engine

from errors import NotAllowed
from pipeline.act import ANONYMOUS, Caller
from pipeline.governance import accounts, logins
from pipeline.governance.logins import Browser
from storage.access.accounts import Role
from storage.access.audit import entries
from storage.access.web_sessions import Lifetime
from storage.database.database import reading

FRESH = Browser("", Lifetime())


@pytest.fixture
def stranger(database: Engine) -> Caller:
    return Caller(database, ANONYMOUS, NOW)


def recorded(asked: Caller) -> list[tuple[str, str]]:
    with reading(asked.database) as session:
        return [(entry.actor, entry.action) for entry in entries(session)]


def account_behind(asked: Caller, token: str) -> str | None:
    found = logins.account_in_session(asked, token, FRESH.lifetime, noted=False)
    return found and found.name


def test_a_login_is_recorded_under_the_account_and_a_failure_under_nobody(
    stranger: Caller,
) -> None:
    made = accounts.create_account(stranger.acting_as("uid:1"), "ann", [Role.ANALYST])
    assert logins.log_in(stranger, "ann", "wrong", FRESH) is None
    token = logins.log_in(stranger, "ann", made.password, FRESH)
    assert token and account_behind(stranger, token) == "ann"
    assert recorded(stranger)[1:] == [
        ("anonymous", "login_refused"),
        (f"account:{made.account.id}", "logged_in"),
    ]


def test_a_new_password_leaves_the_browser_that_chose_it_logged_in_alone(
    stranger: Caller,
) -> None:
    made = accounts.create_account(stranger.acting_as("uid:1"), "ann", [Role.ANALYST])
    here, there = (logins.log_in(stranger, "ann", made.password, FRESH) for _ in range(2))
    assert here and there
    ann = stranger.acting_as(f"account:{made.account.id}")
    token = logins.change_password(
        ann, made.account.id, made.password, "correct horse battery", Browser(here, Lifetime())
    )
    known = [account_behind(stranger, each) for each in (here, there, token)]
    assert known == [None, None, "ann"]


def test_an_external_account_has_the_roles_of_its_last_login(stranger: Caller) -> None:
    first = logins.log_in_external(stranger, "issuer|7", "Ann Lee", [Role.ANALYST], FRESH)
    logins.log_in_external(stranger, "issuer|7", "Ann Lee", [Role.REVIEWER], FRESH)
    account = accounts.account_called(stranger, "ann-lee")
    assert (account_behind(stranger, first), account.roles) == ("ann-lee", {Role.REVIEWER})
    assert recorded(stranger) == [
        ("anonymous", "account_created"),
        (f"account:{account.id}", "logged_in"),
        ("anonymous", "account_changed"),
        (f"account:{account.id}", "logged_in"),
    ]


def test_a_disabled_external_account_does_not_log_in(stranger: Caller) -> None:
    logins.log_in_external(stranger, "issuer|7", "ann", [Role.ANALYST], FRESH)
    account = accounts.account_called(stranger, "ann")
    accounts.disable(stranger.acting_as("uid:1"), account.id)
    with pytest.raises(NotAllowed, match="disabled"):
        logins.log_in_external(stranger, "issuer|7", "ann", [Role.ANALYST], FRESH)


def test_the_use_of_a_token_is_noted_once_a_minute(stranger: Caller) -> None:
    manager = stranger.acting_as("uid:1")
    accounts.create_account(manager, "intake", [Role.UPLOADER])
    made = accounts.create_token(manager, "intake", [Role.UPLOADER], label="", days=1)
    for seconds in (0, 30, 61):
        later = Caller(stranger.database, ANONYMOUS, NOW + timedelta(seconds=seconds))
        found = logins.bearer_of(later, made.secret)
        assert found and found.account.name == "intake"
    (token,) = accounts.list_accounts(manager).tokens
    assert token.used_at == NOW + timedelta(seconds=61)
