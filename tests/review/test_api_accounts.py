"""Accounts managed by programs."""

import json

import httpx
import pytest
from visiting import House, log_in

from storage.access.accounts import Account, Role, add_account
from storage.access.audit import entries
from storage.database.database import reading, writing

ACCOUNTS = "/api/v1/accounts"


@pytest.fixture
def manager(house: House) -> httpx.Client:
    return house.program(Role.OPERATOR)


@pytest.fixture
def ann(house: House) -> Account:
    return house.open_account("ann", Role.ANALYST)


def last_act(house: House) -> tuple[str, str, dict[str, object]]:
    with reading(house.site.database) as session:
        last = list(entries(session))[-1]
    return last.actor, last.action, json.loads(last.objects)


def test_an_account_is_made_and_its_password_answered_once(
    house: House, manager: httpx.Client
) -> None:
    made = manager.post(ACCOUNTS, json={"name": "ben", "roles": ["reviewer", "reviewer"]})
    assert (made.status_code, made.json()["state"]) == (201, "one-time password")
    assert (made.json()["roles"], made.headers["cache-control"]) == (["reviewer"], "no-store")
    objects = {"account_id": made.json()["id"], "role": "reviewer"}
    assert last_act(house) == ("token:1", "account_created", objects)
    assert "password" not in manager.get(f"{ACCOUNTS}/{made.json()['id']}").json()
    assert log_in(house.browser(), "ben", made.json()["password"]).status_code == 303


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"name": "ann", "roles": ["reviewer"]}, 409),
        ({"name": "Ann", "roles": ["reviewer"]}, 400),
        ({"name": "ben", "roles": []}, 422),
        ({"name": "ben", "roles": ["king"]}, 422),
    ],
)
def test_an_account_that_cannot_be_made_is_refused(
    house: House, manager: httpx.Client, given: dict[str, object], status: int
) -> None:
    house.open_account("ann", Role.ANALYST)
    assert manager.post(ACCOUNTS, json=given).status_code == status


def test_accounts_come_a_piece_at_a_time(house: House, manager: httpx.Client) -> None:
    house.open_account("ann", Role.ANALYST)
    first = manager.get(ACCOUNTS, params={"limit": 1}).json()
    rest = manager.get(ACCOUNTS, params={"cursor": first["next"]}).json()
    assert [one["name"] for one in first["accounts"]] == ["program-operator"]
    assert ([one["name"] for one in rest["accounts"]], rest["next"]) == (["ann"], None)


def test_roles_change_from_the_next_request_on(
    house: House, manager: httpx.Client, ann: Account
) -> None:
    program = house.program(Role.ANALYST, name="ann")
    changed = manager.put(f"{ACCOUNTS}/{ann.id}/roles", json={"roles": ["auditor"]})
    assert changed.json()["roles"] == ["auditor"]
    assert program.get("/api/v1/cases").status_code == 403
    objects = {"account_id": ann.id, "what": "roles", "role": "auditor"}
    assert last_act(house) == ("token:1", "account_changed", objects)


def test_a_disabled_account_is_out_with_its_tokens_and_in_again_when_enabled(
    house: House, manager: httpx.Client, ann: Account
) -> None:
    program = house.program(Role.ANALYST, name="ann")
    assert manager.post(f"{ACCOUNTS}/{ann.id}/disable").json()["state"] == "disabled"
    assert program.get("/api/v1/me").status_code == 401
    assert manager.post(f"{ACCOUNTS}/{ann.id}/enable").json()["disabled_at"] is None
    assert program.get("/api/v1/me").status_code == 200


def test_a_new_password_is_answered_and_logs_out_whoever_had_the_old_one(
    house: House, manager: httpx.Client, ann: Account
) -> None:
    browser = house.visit(ann)
    answer = manager.post(f"{ACCOUNTS}/{ann.id}/password").json()
    assert browser.get("/").headers["location"] == "/login"
    assert log_in(house.browser(), "ann", answer["password"]).status_code == 303
    assert (answer["id"], answer["state"]) == (ann.id, "one-time password")


def test_whoever_logs_in_elsewhere_gets_no_password_here(
    house: House, manager: httpx.Client
) -> None:
    with writing(house.site.database) as session:
        eve = add_account(
            session, name="eve", roles=[Role.ANALYST], password_hash=None, subject="x|1",
            now=house.clock(),
        )  # fmt: skip
    refused = manager.post(f"{ACCOUNTS}/{eve.id}/password")
    assert (refused.status_code, "identity provider" in refused.json()["detail"]) == (409, True)


def test_a_program_does_not_change_the_account_it_acts_for(
    house: House, manager: httpx.Client
) -> None:
    house.open_account("otto", Role.OPERATOR)
    own = manager.get(ACCOUNTS).json()["accounts"][0]["id"]
    more = {"roles": ["operator", "analyst"]}
    for refused in (
        manager.put(f"{ACCOUNTS}/{own}/roles", json=more),
        manager.post(f"{ACCOUNTS}/{own}/disable"),
    ):
        assert (refused.status_code, "your own account" in refused.json()["detail"]) == (403, True)


def test_tokens_are_listed_without_their_secret_and_revoked(
    house: House, manager: httpx.Client
) -> None:
    program = house.program(Role.ANALYST)
    listed = manager.get(f"{ACCOUNTS}/tokens").json()["tokens"]
    assert [(one["account"], one["is_good"]) for one in listed] == [
        ("program-analyst", True),
        ("program-operator", True),
    ]
    assert program.headers["authorization"].split()[1] not in str(listed)
    assert manager.delete(f"{ACCOUNTS}/tokens/{listed[0]['id']}").status_code == 204
    assert program.get("/api/v1/me").status_code == 401
    assert last_act(house) == ("token:1", "token_revoked", {"token_id": listed[0]["id"]})
    assert not manager.get(f"{ACCOUNTS}/tokens").json()["tokens"][0]["is_good"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/99"),
        ("PUT", "/99/roles"),
        ("POST", "/99/password"),
        ("POST", "/99/disable"),
        ("POST", "/99/enable"),
        ("DELETE", "/tokens/99"),
    ],
)
def test_what_does_not_exist_is_not_there(manager: httpx.Client, method: str, path: str) -> None:
    roles = {"roles": ["analyst"]} if method == "PUT" else None
    assert manager.request(method, ACCOUNTS + path, json=roles).status_code == 404
