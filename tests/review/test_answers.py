"""What is answered when something is wrong: a status and a sentence, never a trace."""

from dataclasses import replace

import httpx
import pytest
from visiting import House, served

import errors
from review import home
from review.app import create_app
from storage.access.accounts import Role


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.NotAuthorised("No."), 403),
        (errors.NotFound("No."), 404),
        (errors.Conflict("No."), 409),
        (errors.TooLarge("No."), 413),
        (errors.WrongUsage("No."), 400),
        (errors.UnusablePhoto("No."), 422),
        (errors.TooManyTries("No."), 429),
        (errors.WrongDatabase("No."), 500),
        (errors.PictureLost("No."), 410),
        (errors.StoreUnavailable("No."), 503),
        (errors.DiskFull("No."), 507),
    ],
)
def test_an_error_of_ours_has_its_status_and_its_sentence(
    house: House, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(home, "page", fail)
    answer = house.visit_as(Role.ANALYST).get("/")
    assert (answer.status_code, "No." in answer.text) == (status, True)
    assert answer.text.startswith("<!doctype html>")


def test_an_error_that_nobody_foresaw_shows_nothing_of_itself(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr(home, "page", fail)
    answer = house.visit_as(Role.ANALYST).get("/")
    assert answer.status_code == 500
    assert "An unexpected error occurred" in answer.text
    assert "secret" not in answer.text and "Traceback" not in answer.text
    assert "content-security-policy" in answer.headers


def test_htmx_is_given_the_sentence_alone_and_a_place_for_it(house: House) -> None:
    browser = house.visit_as(Role.AUDITOR)
    answer = browser.post("/password", headers={"HX-Request": "true", "x-form-token": "old"})
    assert answer.status_code == 403
    assert answer.headers["HX-Retarget"] == "#said"
    assert answer.text.startswith("<p")


def test_htmx_of_a_session_that_is_over_is_sent_to_the_login(house: House) -> None:
    answer = house.browser().get("/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/login")


def test_a_page_that_does_not_exist_is_said_so(house: House) -> None:
    answer = house.browser().get("/nothing/here")
    assert (answer.status_code, "Page not found" in answer.text) == (404, True)


@pytest.mark.parametrize("path", ["cases/{}", "groups/1/{}", "review/{}", "search/1/{}/crops/0"])
def test_nothing_has_a_number_that_no_database_can_hold(house: House, path: str) -> None:
    answer = house.visit_as(*Role).get(f"/{path.format(10**24)}")
    assert (answer.status_code, "Nothing has this number" in answer.text) == (404, True)


def test_a_page_of_a_list_that_cannot_be_is_refused(house: House) -> None:
    for first in (-1, 10**24):
        answer = house.visit_as(Role.ANALYST).get(f"/cases/1/candidates?first={first}")
        assert answer.status_code == 422


def test_a_body_that_is_too_large_is_refused(house: House) -> None:
    browser = house.visit_as(Role.ANALYST)
    answer = browser.post("/password", data={"password": "x" * 2_000_000})
    assert (answer.status_code, "too large" in answer.text) == (413, True)


@pytest.mark.parametrize("path", ["/login", "/nothing", "/static/nightreel.css", "/"])
def test_every_answer_forbids_what_is_not_ours(house: House, path: str) -> None:
    headers = house.browser().get(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert "strict-transport-security" not in headers


def test_a_site_behind_https_has_cookies_for_https_only(house: House) -> None:
    site = replace(house.site, url="https://nightreel.example")
    with served(create_app(site)) as address:
        answer = httpx.get(f"{address}/login", headers={"host": "nightreel.example"})
    assert "Secure" in answer.headers["set-cookie"]
    assert "strict-transport-security" in answer.headers


def test_another_host_name_is_not_answered(house: House) -> None:
    assert house.browser().get("/login", headers={"host": "evil.example"}).status_code == 400
    assert house.browser().get("/login", headers={"host": "localhost:9999"}).status_code == 200
