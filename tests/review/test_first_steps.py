"""From the first log-in to the first upload: what the pages say is to be done next."""

from pathlib import Path

import httpx
from painted import RED, Stay, paint
from test_accounts_page import PASSWORD
from test_uploads import became, hand_in
from visiting import PASSWORD as CHOSEN
from visiting import House, log_in, token_in

from storage.access.accounts import Role
from storage.jobs.uploads import Stage

HEADING = "First steps"
FIRST_COMMAND = "nightreel account add NAME --role operator"


def create(manager: httpx.Client, name: str, *roles: str) -> str:
    """Fill in the form; returns the one-time password."""
    shown = manager.post("/accounts", data={"name": name, "roles": list(roles)}).text
    password: str = PASSWORD.findall(shown)[0]
    return password


def test_where_there_is_no_account_the_login_page_says_how_one_is_made(house: House) -> None:
    assert FIRST_COMMAND in house.browser().get("/login").text
    house.open_account("ann", Role.OPERATOR)
    assert FIRST_COMMAND not in house.browser().get("/login").text


def test_the_first_account_is_told_which_accounts_to_create_until_they_exist(house: House) -> None:
    manager = house.visit_as(Role.OPERATOR)
    assert "/accounts?role=analyst#new" in manager.get("/").text
    create(manager, "ann", "analyst", "reviewer")
    shown = manager.get("/").text
    assert "role=analyst" not in shown
    assert "role=reviewer" in shown  # two are needed
    create(manager, "ben", "reviewer", "supervisor")
    assert HEADING not in manager.get("/").text
    assert HEADING not in manager.get("/accounts").text


def test_a_disabled_account_is_wanted_again(house: House) -> None:
    manager = house.visit_as(Role.OPERATOR)
    house.open_account("ann", Role.ANALYST, Role.REVIEWER)
    ben = house.open_account("ben", Role.REVIEWER, Role.SUPERVISOR)
    assert HEADING not in manager.get("/").text
    manager.post(f"/accounts/{ben.id}/disable")
    assert "role=reviewer" in manager.get("/").text


def test_the_link_of_a_step_chooses_its_role_in_the_form(house: House) -> None:
    shown = house.visit_as(Role.OPERATOR).get("/accounts?role=reviewer").text
    assert shown.count(" checked>") == 1
    assert 'value="reviewer" checked' in shown


def test_from_the_first_account_to_an_upload_in_the_pages_alone(
    house: House, tmp_path: Path
) -> None:
    password = create(house.visit_as(Role.OPERATOR), "ann", "analyst")
    browser = house.browser()
    log_in(browser, "ann", password)
    form = {"password": password, "new_password": CHOSEN, "again": CHOSEN}
    token = token_in(browser.get("/password").text)
    browser.post("/password", data=form | {"form_token": token})
    assert "Upload footage" in browser.get("/").text
    browser.headers["x-form-token"] = token_in(browser.get("/").text)
    film = paint(tmp_path / "gate.mp4", 2, Stay(RED, 0, 1)).read_bytes()
    assert became(house, hand_in(browser, film)).stage is Stage.TAKEN
    steps = browser.get("/").text.split(HEADING)[1]
    assert 'class="done"><span>Upload footage' in steps


def test_only_those_who_open_cases_or_manage_accounts_see_steps(house: House) -> None:
    for role in (Role.REVIEWER, Role.AUDITOR, Role.UPLOADER):
        assert HEADING not in house.visit_as(role).get("/").text
