"""Accounts, sessions and tokens as they are kept."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from rows import NOW
from sqlalchemy import Engine

from errors import Conflict, NotFound, WrongUsage
from storage.access import accounts, tokens, web_sessions
from storage.access.accounts import Account, Role
from storage.access.passwords import hash_password, password_fits
from storage.access.web_sessions import Lifetime
from storage.database.database import Session, reading, writing

DAY = timedelta(days=1)


@pytest.fixture
def session(database: Engine) -> Iterator[Session]:
    with writing(database) as session:
        yield session


def add(session: Session, name: str = "ann", *roles: Role, **others: object) -> Account:
    values = {"roles": roles or (Role.ANALYST,), "password_hash": "h", "now": NOW} | others
    return accounts.add_account(session, name=name, **values)


def test_an_account_is_found_as_it_was_made(database: Engine) -> None:
    with writing(database) as session:
        made = add(session, "ann", Role.REVIEWER, Role.ANALYST)
    with reading(database) as session:
        assert accounts.find_account(session, "ann") == made
        assert accounts.account_by_id(session, made.id) == made
    assert made.roles == {Role.ANALYST, Role.REVIEWER}
    assert (made.must_change_password, made.created_at) == (True, NOW)


def test_a_name_is_taken_once(session: Session) -> None:
    add(session)
    with pytest.raises(Conflict, match="another name"):
        add(session)


@pytest.mark.parametrize("name", ["", "Ann", "-ann", "a b", "a/b", "=cmd", "<b>", "a" * 64, "ä"])
def test_a_name_that_could_be_taken_for_something_else_is_refused(
    session: Session, name: str
) -> None:
    with pytest.raises(WrongUsage, match="lower-case letters"):
        add(session, name)


def test_an_account_without_a_role_is_refused(session: Session) -> None:
    with pytest.raises(WrongUsage, match="needs a role"):
        add(session, roles=[])


def test_a_disabled_account_has_no_password_and_no_session(session: Session) -> None:
    made = add(session)
    token = web_sessions.begin(session, made.id, NOW)
    accounts.disable(session, "ann", NOW)
    assert accounts.password_hash_of(session, "ann") is None
    assert web_sessions.find(session, token, Lifetime(), NOW) is None
    accounts.disable(session, "ann", NOW + DAY)
    assert accounts.find_account(session, "ann").disabled_at == NOW
    accounts.enable(session, "ann")
    assert accounts.password_hash_of(session, "ann") == "h"


def test_a_new_password_ends_every_session(session: Session) -> None:
    token = web_sessions.begin(session, add(session).id, NOW)
    accounts.set_password(session, "ann", "other", one_time=False)
    assert web_sessions.find(session, token, Lifetime(), NOW) is None
    assert not accounts.find_account(session, "ann").must_change_password


def test_who_logs_in_elsewhere_has_no_password_here(session: Session) -> None:
    add(session, subject="issuer|1", password_hash=None)
    with pytest.raises(Conflict, match="identity provider"):
        accounts.set_password(session, "ann", "other", one_time=True)
    found = accounts.account_of_subject(session, "issuer|1")
    assert found and found.name == "ann"
    assert accounts.account_of_subject(session, "issuer|2") is None


def test_an_account_that_is_not_there_is_said_so(session: Session) -> None:
    for act in (accounts.find_account, accounts.enable):
        with pytest.raises(NotFound, match="account list"):
            act(session, "nobody")
    with pytest.raises(NotFound):
        accounts.account_by_id(session, 17)


def test_no_token_and_no_password_is_kept_as_it_is(database: Engine) -> None:
    password = "correct horse battery"
    with writing(database) as session:
        made = add(session, password_hash=hash_password(password))
        cookie = web_sessions.begin(session, made.id, NOW)
        _, secret = tokens.add_token(
            session, account="ann", label="", roles=made.roles, expires_at=NOW + DAY, now=NOW
        )
    with database.connect() as connection:
        kept = "".join(
            str(connection.exec_driver_sql(f"select * from {table}").all())
            for table in ("account", "web_session", "api_token")
        )
    assert not [one for one in (password, cookie, secret) if one in kept]
    assert "argon2id" in kept


def test_a_password_fits_its_own_hash_only() -> None:
    kept = hash_password("correct horse battery")
    assert password_fits("correct horse battery", kept)
    assert not password_fits("correct horse batterz", kept)
    assert not password_fits("correct horse battery", None)
    assert not password_fits("x" * 100_000, kept)


def test_a_token_acts_with_the_roles_it_was_given(session: Session) -> None:
    made = add(session, "ann", Role.ANALYST, Role.UPLOADER)
    _, secret = token(session, Role.UPLOADER)
    found = tokens.bearer(session, secret, NOW)
    assert found and (found.account, found.roles) == (made, {Role.UPLOADER})


def test_a_token_loses_what_its_account_loses(session: Session) -> None:
    add(session, "ann", Role.ANALYST, Role.UPLOADER)
    _, secret = token(session, Role.ANALYST, Role.UPLOADER)
    accounts.set_roles(session, "ann", [Role.UPLOADER])
    found = tokens.bearer(session, secret, NOW)
    assert found and found.roles == {Role.UPLOADER}
    accounts.disable(session, "ann", NOW)
    assert tokens.bearer(session, secret, NOW) is None


def test_a_token_that_is_over_revoked_or_unknown_is_worth_nothing(session: Session) -> None:
    add(session)
    made, secret = token(session, Role.ANALYST)
    assert tokens.bearer(session, secret, NOW + DAY) is None
    assert tokens.bearer(session, "nr_guess", NOW) is None
    assert tokens.bearer(session, secret, NOW)
    tokens.revoke(session, made.id, NOW)
    assert tokens.bearer(session, secret, NOW) is None
    with pytest.raises(NotFound):
        tokens.revoke(session, 17, NOW)


@pytest.mark.parametrize("roles", [[], [Role.AUDITOR], [Role.ANALYST, Role.OPERATOR]])
def test_a_token_has_no_role_that_its_account_lacks(session: Session, roles: list[Role]) -> None:
    add(session)
    with pytest.raises(WrongUsage, match="role"):
        token(session, *roles)


def token(session: Session, *roles: Role) -> tuple[tokens.Token, str]:
    return tokens.add_token(
        session, account="ann", label="night", roles=roles, expires_at=NOW + DAY, now=NOW
    )
