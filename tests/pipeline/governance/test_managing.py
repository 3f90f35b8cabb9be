"""Managing accounts: what is recorded, and that somebody always can."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from rows import NOW
from sqlalchemy import Engine

from errors import Conflict, NotAllowed
from pipeline.act import Caller
from pipeline.governance import accounts as steps
from storage.access import accounts, audit, tokens
from storage.access.accounts import Role
from storage.database.database import reading, writing


@pytest.fixture
def managing(database: Engine) -> Caller:
    """Two who manage, `olga` and `otto`, and `ann`, who does not."""
    managing = Caller(database, "uid:1000", NOW)
    steps.create_account(managing, "olga", [Role.OPERATOR])
    steps.create_account(managing, "otto", [Role.OPERATOR, Role.AUDITOR])
    steps.create_account(managing, "ann", [Role.ANALYST])
    return managing


def called(asked: Caller, name: str) -> int:
    return steps.account_called(asked, name).id


def still_manage(database: Engine) -> list[str]:
    with writing(database) as session:
        return [one.name for one in accounts.managers(session)]


TAKEN_AWAY: list[Callable[[Caller, str], object]] = [
    lambda managing, name: steps.disable(managing, called(managing, name)),
    lambda managing, name: steps.set_roles(managing, called(managing, name), [Role.AUDITOR]),
]


@pytest.mark.parametrize("take_away", TAKEN_AWAY, ids=["disabled", "another role"])
def test_the_last_who_can_manage_accounts_remains(
    managing: Caller, take_away: Callable[[Caller, str], object]
) -> None:
    take_away(managing, "olga")
    with pytest.raises(Conflict, match="otto is the last account that can manage accounts"):
        take_away(managing, "otto")
    assert still_manage(managing.database) == ["otto"]


def test_two_who_disable_one_another_at_the_same_moment_do_not_both_succeed(
    managing: Caller,
) -> None:
    def disable(name: str) -> bool:
        try:
            steps.disable(managing, called(managing, name))
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(disable, ["olga", "otto"])) == [False, True]
    assert len(still_manage(managing.database)) == 1


def test_nobody_changes_their_own_account(managing: Caller) -> None:
    with reading(managing.database) as session:
        own = accounts.find_account(session, "olga").id
    olga = Caller(managing.database, f"account:{own}", NOW)
    with pytest.raises(NotAllowed, match="your own"):
        steps.set_roles(olga, called(olga, "olga"), [Role.OPERATOR, Role.ANALYST])
    with pytest.raises(NotAllowed, match="your own"):
        steps.disable(olga, called(olga, "olga"))
    steps.disable(olga, called(olga, "otto"))
    assert still_manage(managing.database) == ["olga"]


def test_a_token_does_not_change_the_account_it_acts_for(managing: Caller) -> None:
    later = NOW + timedelta(days=1)
    with writing(managing.database) as session:
        made, _ = tokens.add_token(
            session, account="olga", label="", roles=[Role.OPERATOR], expires_at=later, now=NOW
        )
    program = Caller(managing.database, f"token:{made.id}", NOW)
    with pytest.raises(NotAllowed, match="your own"):
        steps.set_roles(program, called(program, "olga"), [Role.OPERATOR, Role.ANALYST])


def test_who_cannot_manage_is_disabled_and_enabled_freely(managing: Caller) -> None:
    steps.disable(managing, called(managing, "ann"))
    steps.enable(managing, called(managing, "ann"))
    with reading(managing.database) as session:
        assert accounts.find_account(session, "ann").disabled_at is None


def test_what_was_done_is_recorded_by_number_with_the_roles_and_without_a_name(
    managing: Caller,
) -> None:
    steps.set_roles(managing, called(managing, "ann"), [Role.REVIEWER, Role.ANALYST])
    steps.disable(managing, called(managing, "ann"))
    steps.enable(managing, called(managing, "ann"))
    steps.reset_password(managing, called(managing, "ann"))
    with writing(managing.database) as session:
        later = NOW + timedelta(days=1)
        made, _ = tokens.add_token(
            session, account="ann", label="", roles=[Role.ANALYST], expires_at=later, now=NOW
        )
    steps.revoke_token(managing, made.id)
    with reading(managing.database) as session:
        kept = [(one.action, json.loads(one.objects)) for one in audit.entries(session, after=2)]
    assert kept == [
        ("account_created", {"account_id": 3, "role": "analyst"}),
        ("account_changed", {"account_id": 3, "what": "roles", "role": "analyst+reviewer"}),
        ("account_changed", {"account_id": 3, "what": "disabled"}),
        ("account_changed", {"account_id": 3, "what": "enabled"}),
        ("password_changed", {"account_id": 3}),
        ("token_revoked", {"token_id": made.id}),
    ]
