"""The review as people do it, in a real browser: by keyboard, by two, on laptop and phone."""

import time
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from rows import TERMS
from staged import stage
from visiting import PASSWORD, House

from report.package import verify
from storage.access.accounts import Role
from storage.cases.case_terms import open_case
from storage.database.database import writing

SERIOUS = ("serious", "critical")
SIZES = ({"width": 1280, "height": 900}, {"width": 390, "height": 844})


@pytest.fixture
def case_id(house: House, tmp_path: Path) -> int:
    return stage(house, tmp_path / "footage")


def logged_in(browser: Browser, house: House, name: str, *roles: Role) -> Page:
    """A page of somebody who has just logged in, that fails the test when it complains."""
    house.open_account(name, *roles)
    page = browser.new_page(base_url=house.address)
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    page.goto("/login")
    page.fill("[name=name]", name)
    page.fill("[name=password]", PASSWORD)
    page.click("main button")
    page.wait_for_selector("h1:has-text('Welcome')")
    return page


def press(page: Page, key: str) -> None:
    """Press a key and wait until what the page fetches because of it is shown."""
    with page.expect_response(lambda answer: "/review/" in answer.url and answer.ok):
        page.keyboard.press(key)
    settled(page)


def settled(page: Page) -> None:
    """Wait until nothing is on its way and every picture is there."""
    busy = "document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling, .htmx-added')"
    seen = "[...document.querySelectorAll('.pair img')].every((image) => image.complete)"
    assert until(lambda: page.evaluate(f"!{busy} && {seen}"))


def test_two_people_review_by_keyboard_and_their_result_is_exported(
    browser: Browser, house: House, case_id: int, tmp_path: Path
) -> None:
    ann = logged_in(browser, house, "ann", Role.REVIEWER)
    ann.goto(f"/review/{case_id}")
    settled(ann)
    assert "3 awaiting your review" in ann.inner_text("#review")
    first = ann.get_attribute(".pair img", "src")
    press(ann, "s")
    assert "Your verdict: same" in ann.inner_text("#said")
    assert ann.get_attribute(".pair img", "src") != first
    press(ann, "u")
    assert "Verdict withdrawn" in ann.inner_text("#said")
    assert ann.get_attribute(".pair img", "src") == first
    for _ in range(3):
        press(ann, "s")
    assert "No candidates awaiting your review" in ann.inner_text("h1")

    ben = logged_in(browser, house, "ben", Role.REVIEWER)
    ben.goto(f"/review/{case_id}")
    settled(ben)
    said = ben.inner_text("#review")
    assert "3 awaiting your review" in said, "nothing tells that somebody was first"
    second = ben.get_attribute(".pair img", "src")
    press(ben, "n")
    assert ben.get_attribute(".pair img", "src") != second
    for key in ("s", "d", "i"):
        press(ben, key)
    assert "No candidates awaiting your review" in ben.inner_text("h1")

    supervisor = logged_in(browser, house, "supervisor", Role.SUPERVISOR)
    supervisor.goto(f"/cases/{case_id}")
    assert "1 supported" in supervisor.inner_text("main")
    assert "2 inconclusive" in supervisor.inner_text("main")
    with supervisor.expect_download() as download:
        supervisor.click("text=Export evidence package")
    package = tmp_path / "package.zip"
    download.value.save_as(package)
    assert verify(package).case == "2026-117"


def test_a_candidate_is_looked_at_closely(browser: Browser, house: House, case_id: int) -> None:
    page = logged_in(browser, house, "ann", Role.REVIEWER)
    page.goto(f"/review/{case_id}")
    page.keyboard.press("?")
    assert page.is_visible("#help")
    page.keyboard.press("s")  # what is open keeps the keys to itself
    page.keyboard.press("Escape")
    page.keyboard.press("l")
    assert page.is_visible("#larger img")
    page.keyboard.press("Escape")
    assert "3 awaiting your review" in page.inner_text("#review")
    page.keyboard.press("p")
    assert until(lambda: page.evaluate("document.querySelector('video').currentTime > 0.3"))
    assert page.inner_text("#clip-said") == "Other faces are hidden."
    page.click("[data-unblur]")
    assert until(lambda: "this was logged" in page.inner_text("#clip-said"))


def test_a_clip_that_cannot_be_made_says_why(
    browser: Browser, house: House, case_id: int, tmp_path: Path
) -> None:
    page = logged_in(browser, house, "ann", Role.REVIEWER)
    page.goto(f"/review/{case_id}")
    next((tmp_path / "footage").glob("*.mp4")).unlink()
    page.keyboard.press("p")
    assert until(lambda: "no longer where it was added" in page.inner_text("#clip-said"))


def locked_case(house: House) -> str:
    """The page of a case that waits for its authorisation."""
    with writing(house.site.database) as session:
        needs = TERMS | {"needs_authorisation": True}
        terms = needs | {"expires_at": house.clock() + timedelta(days=3)}
        return f"/cases/{open_case(session, reference='A/1', now=house.clock(), **terms).id}"


def test_no_page_has_a_serious_fault_on_a_laptop_or_a_phone_light_or_dark(
    browser: Browser, house: House, case_id: int
) -> None:
    page = logged_in(browser, house, "everybody", Role.REVIEWER, Role.ANALYST, Role.SUPERVISOR)
    places = [
        "/review", f"/review/{case_id}", "/cases", f"/cases/{case_id}",
        f"/cases/{case_id}/candidates", f"/cases/{case_id}/candidates/1/1",
        f"/cases/{case_id}/changes", "/search", locked_case(house),
    ]  # fmt: skip
    faults = []
    for place in places:
        page.goto(place)
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            for size in SIZES:
                page.set_viewport_size(size)
                if page.evaluate("document.documentElement.scrollWidth") > size["width"]:
                    faults.append((place, size["width"], "is too wide"))
            found = Axe().run(page).response["violations"]
            faults += [(place, scheme, one["id"]) for one in found if one["impact"] in SERIOUS]
    assert faults == []


def until(condition: object, seconds: float = 60) -> bool:
    """Ask until it is so; what Playwright brings for this is forbidden by our own policy."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():  # type: ignore[operator]
            return True
        time.sleep(0.1)
    return False
