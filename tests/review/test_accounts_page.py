"""The page on which accounts are managed."""

import re

import httpx
import pytest
from visiting import House, log_in

from storage.access.accounts import Account, Role, add_account, find_account
from storage.database.database import reading, writing

PASSWORD = re.compile(r'<code class="secret">(.+?)</code>')


@pytest.fixture
def manager(house: House) -> httpx.Client:
    return house.visit_as(Role.OPERATOR)


@pytest.fixture
def ann(house: House) -> Account:
    return house.open_account("ann", Role.ANALYST)


def ann_now(house: House) -> Account:
    with reading(house.site.database) as session:
        return find_account(session, "ann")


def test_an_account_is_made_and_its_password_shown_once(
    house: House, manager: httpx.Client
) -> None:
    form = {"name": " Ann ", "roles": ["analyst", "reviewer"]}
    (password,) = PASSWORD.findall(manager.post("/accounts", data=form).text)
    assert password not in manager.get("/accounts").text
    assert ann_now(house).roles == {Role.ANALYST, Role.REVIEWER}
    browser = house.browser()
    assert log_in(browser, "ann", password).status_code == 303
    assert browser.get("/").headers["location"] == "/password"


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"name": "ann", "roles": ["reviewer"]}, "already"),
        ({"name": "<b>", "roles": ["reviewer"]}, "lower-case letters"),
        ({"name": "ben"}, "needs a role"),
    ],
)
def test_an_account_that_cannot_be_made_is_refused_with_the_reason(
    manager: httpx.Client, ann: Account, form: dict[str, object], said: str
) -> None:
    assert ann
    answer = manager.post("/accounts", data=form)
    assert (answer.status_code in (400, 409), said in answer.text) == (True, True)


def test_roles_change_from_the_next_request_on(
    house: House, manager: httpx.Client, ann: Account
) -> None:
    browser = house.visit(ann)
    assert browser.get("/cases").status_code == 200
    manager.post(f"/accounts/{ann.id}/roles", data={"roles": ["reviewer"]})
    assert browser.get("/cases").status_code == 403
    assert browser.get("/review").status_code == 200


def test_a_disabled_account_is_out_at_once_and_in_again_when_enabled(
    house: House, manager: httpx.Client, ann: Account
) -> None:
    browser = house.visit(ann)
    manager.post(f"/accounts/{ann.id}/disable")
    assert browser.get("/").headers["location"] == "/login"
    assert "disabled" in manager.get("/accounts").text
    manager.post(f"/accounts/{ann.id}/enable")
    assert house.visit(ann_now(house)).get("/").status_code == 200


def test_a_new_password_logs_out_whoever_had_the_old_one(
    house: House, manager: httpx.Client, ann: Account
) -> None:
    browser = house.visit(ann)
    (password,) = PASSWORD.findall(manager.post(f"/accounts/{ann.id}/password").text)
    assert browser.get("/").headers["location"] == "/login"
    assert log_in(house.browser(), "ann", password).status_code == 303


def test_nobody_is_offered_to_change_their_own_account_or_gets_it_done(
    house: House, manager: httpx.Client
) -> None:
    house.open_account("otto", Role.OPERATOR)
    with reading(house.site.database) as session:
        own = find_account(session, "operator").id
    shown = manager.get("/accounts").text
    assert "This is your account" in shown
    assert f"/accounts/{own}/" not in shown
    for what in ("disable", "roles"):
        answer = manager.post(f"/accounts/{own}/{what}", data={"roles": ["operator", "analyst"]})
        assert (answer.status_code, "your own" in answer.text) == (403, True)


def test_when_an_account_and_a_token_were_last_used_is_shown(
    house: House, manager: httpx.Client, ann: Account
) -> None:
    assert "never logged in" in manager.get("/accounts").text
    house.visit(ann).get("/")
    program = house.program(Role.ANALYST)
    assert "never used" in manager.get("/accounts").text
    house.clock.pass_by(minutes=5)
    program.get("/api/v1/me")
    page = manager.get("/accounts").text
    assert "never logged in" not in page
    assert f"last used {house.clock():%Y-%m-%d %H:%M} UTC" in page


def test_a_token_is_revoked(house: House, manager: httpx.Client) -> None:
    program = house.program(Role.ANALYST)
    assert program.get("/api/v1/me").status_code == 200
    manager.post("/accounts/tokens/1/revoke")
    assert program.get("/api/v1/me").status_code == 401
    assert "Revoke token" not in manager.get("/accounts").text


def test_whoever_logs_in_elsewhere_has_no_roles_to_be_changed_here(
    house: House, manager: httpx.Client
) -> None:

    with writing(house.site.database) as session:
        made = add_account(
            session, name="eve", roles=[Role.ANALYST], password_hash=None, subject="x|1",
            now=house.clock(),
        )  # fmt: skip
    page = manager.get("/accounts").text
    assert "external login" in page
    assert f"/accounts/{made.id}/roles" not in page
    assert manager.post(f"/accounts/{made.id}/password").status_code == 409
