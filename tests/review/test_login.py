"""Logging in and staying logged in."""

import pytest
from visiting import PASSWORD, House, log_in, token_in

from review.sessions import form_token_of
from storage.access import audit, web_sessions
from storage.access.accounts import Role
from storage.database.database import reading, writing


def test_the_right_password_opens_the_page_that_was_asked_for(house: House) -> None:
    house.open_account("ann", Role.ANALYST)
    browser = house.browser()
    assert browser.get("/password").headers["location"] == "/login?next=/password"
    answer = log_in(browser, " Ann ", next="/password")
    assert (answer.status_code, answer.headers["location"]) == (303, "/password")
    assert "ann" in browser.get("/password").text


@pytest.mark.parametrize("name", ["ann", "nobody", "<script>alert(1)</script>", "a" * 5000])
def test_a_wrong_password_and_an_unknown_account_read_the_same(house: House, name: str) -> None:
    house.open_account("ann", Role.ANALYST)
    answer = log_in(house.browser(), name, "not this one")
    assert answer.status_code == 401
    assert "Wrong account name or password" in answer.text
    assert "<script>alert" not in answer.text


def test_a_login_elsewhere_cannot_be_asked_for(house: House) -> None:
    house.open_account("ann", Role.ANALYST)
    for place in ("https://evil.example", "//evil.example", "/\\evil.example", "/a\nb"):
        assert log_in(house.browser(), "ann", next=place).headers["location"] == "/"


def test_a_session_gets_a_new_token_at_every_login(house: House) -> None:
    house.open_account("ann", Role.ANALYST)
    browser = house.browser()
    log_in(browser, "ann")
    first = browser.cookies["nightreel"]
    form = {"form_token": form_token_of(first), "name": "ann", "password": PASSWORD}
    assert browser.post("/login", data=form).status_code == 303
    assert browser.cookies["nightreel"] != first
    browser.cookies["nightreel"] = first
    assert browser.get("/").status_code == 303


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(house: House) -> None:
    house.open_account("ann", Role.ANALYST)
    cookies = log_in(house.browser(), "ann").headers.get_list("set-cookie")
    (cookie,) = [one for one in cookies if one.startswith("nightreel=")]
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie


def test_after_logging_out_the_old_cookie_opens_nothing(house: House) -> None:
    house.open_account("ann", Role.ANALYST)
    browser = house.browser()
    log_in(browser, "ann")
    kept = browser.cookies["nightreel"]
    browser.post("/logout", headers={"x-form-token": token_in(browser.get("/").text)})
    browser.cookies.set("nightreel", kept)
    assert browser.get("/").status_code == 303


def test_a_session_that_is_not_used_ends(house: House) -> None:
    browser = house.visit_as(Role.ANALYST)
    for _ in range(4):
        house.clock.pass_by(minutes=29)
        assert browser.get("/").status_code == 200
    house.clock.pass_by(minutes=30)
    assert browser.get("/").status_code == 303


def test_a_session_ends_however_busy_it_is(house: House) -> None:
    browser = house.visit_as(Role.ANALYST)
    for _ in range(35):
        house.clock.pass_by(minutes=20)
        assert browser.get("/").status_code == 200
    house.clock.pass_by(minutes=20)
    assert browser.get("/").status_code == 303


def test_a_clock_that_is_set_back_does_not_lengthen_a_session(house: House) -> None:
    browser = house.visit_as(Role.ANALYST)
    house.clock.pass_by(hours=-5)
    assert browser.get("/").status_code == 200
    house.clock.pass_by(hours=5, minutes=30)
    assert browser.get("/").status_code == 303


@pytest.mark.parametrize("token", [None, "", "0" * 64, "é"])
def test_a_form_without_its_token_changes_nothing(house: House, token: str | None) -> None:
    browser = house.visit_as(Role.ANALYST)
    del browser.headers["x-form-token"]
    form = {} if token is None else {"form_token": token}
    answer = browser.post("/logout", data=form)
    assert answer.status_code == 403
    assert browser.get("/").status_code == 200


def test_the_token_of_another_session_is_worth_nothing(house: House) -> None:
    mine, other = house.visit_as(Role.ANALYST), house.visit_as(Role.AUDITOR)
    mine.headers["x-form-token"] = other.headers["x-form-token"]
    assert mine.post("/logout").status_code == 403


def test_a_login_form_of_another_site_is_refused(house: House) -> None:
    house.open_account("ann", Role.ANALYST)
    answer = house.browser().post("/login", data={"name": "ann", "password": PASSWORD})
    assert answer.status_code == 403


def test_guessing_is_stopped_for_the_account_and_goes_on_for_others(house: House) -> None:
    house.open_account("ann", Role.ANALYST)
    house.open_account("bob", Role.ANALYST)
    browser = house.browser()
    for _ in range(10):
        assert log_in(browser, "ann", "guess").status_code == 401
    assert log_in(browser, "ann").status_code == 429
    assert log_in(browser, "bob").status_code == 303


def test_a_password_for_one_time_is_changed_and_then_opens_the_rest(house: House) -> None:
    house.open_account("ann", Role.ANALYST, one_time=True)
    browser = house.browser()
    log_in(browser, "ann")
    assert browser.get("/").headers["location"] == "/password"
    token = token_in(browser.get("/password").text)
    form = {"form_token": token, "password": PASSWORD, "new_password": "a new long one"}
    assert browser.post("/password", data=form | {"again": "a new long one"}).status_code == 303
    assert browser.get("/").status_code == 200
    assert log_in(house.browser(), "ann").status_code == 401
    assert log_in(house.browser(), "ann", "a new long one").status_code == 303


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"again": "a new long 0ne"}, "do not match"),
        ({"password": "not the present one"}, "current password is wrong"),
        ({"new_password": "short", "again": "short"}, "12 to 200"),
        ({"new_password": PASSWORD, "again": PASSWORD}, "choose another"),
        ({"new_password": "x" * 201, "again": "x" * 201}, "12 to 200"),
    ],
)
def test_a_bad_new_password_is_refused_with_the_reason(
    house: House, changes: dict[str, str], complaint: str
) -> None:
    browser = house.visit_as(Role.ANALYST)
    form = {"password": PASSWORD, "new_password": "a new long one", "again": "a new long one"}
    answer = browser.post("/password", data=form | changes)
    assert answer.status_code == 422
    assert complaint in answer.text


def test_a_changed_password_logs_all_other_browsers_out(house: House) -> None:
    account = house.open_account("ann", Role.ANALYST)
    here, elsewhere = house.visit(account), house.visit(account)
    form = {"password": PASSWORD, "new_password": "a new long one", "again": "a new long one"}
    assert here.post("/password", data=form).status_code == 303
    assert here.get("/").status_code == 200
    assert elsewhere.get("/").status_code == 303


def test_sessions_that_are_over_are_swept_at_the_next_login(house: House) -> None:
    account = house.open_account("ann", Role.ANALYST)
    house.visit(account)
    house.clock.pass_by(hours=1)
    log_in(house.browser(), "ann")
    with writing(house.site.database) as session:
        assert web_sessions.count(session) == 1


def test_logins_and_failures_are_in_the_audit_log_without_a_name(house: House) -> None:
    account = house.open_account("ann", Role.ANALYST)
    browser = house.browser()
    log_in(browser, "ann", "guess")
    log_in(browser, "my secret passphrase", "guess")
    log_in(browser, "ann")
    browser.post("/logout", headers={"x-form-token": token_in(browser.get("/").text)})
    with reading(house.site.database) as session:
        kept = [(one.actor, one.action, one.objects) for one in audit.entries(session)]
    assert kept == [
        ("anonymous", "login_refused", f'{{"account_id":{account.id}}}'),
        ("anonymous", "login_refused", "{}"),
        (f"account:{account.id}", "logged_in", "{}"),
        (f"account:{account.id}", "logged_out", "{}"),
    ]
