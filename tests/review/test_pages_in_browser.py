"""The pages as people meet them: in a real browser, wide and narrow, light and dark."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from painted import RED, Stay, paint
from playwright.sync_api import Browser, Page, Route, expect
from rows import NOW, TERMS
from test_uploads import hand_in
from visiting import PASSWORD, House, log_in

from pipeline.analysis.match import match_analysis
from pipeline.analysis.watch import watch
from review.access import ACCESS
from review.sessions import form_token_of
from storage.access.accounts import Role
from storage.access.audit import Action
from storage.cases.case_terms import close_case, open_case
from storage.database.database import reading, writing
from storage.jobs.dispatcher import undispatched

expect.set_options(timeout=30_000)  # a machine may be busy
NARROW = {"width": 390, "height": 844}
WIDE = {"width": 1280, "height": 900}
PLACES = [
    "/login",
    "/",
    "/password",
    "/recordings",
    "/recordings/1",
    "/queue",
    "/audit",
    "/accounts",
    "/retention",
    "/groups",
    "/api/v1/docs",
    "/nothing/here",
]


NOUNS = (
    "/password", "/recordings", "/queue", "/audit", "/accounts", "/retention", "/api",
)  # fmt: skip


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds of footage, under a name that is not only letters."""
    return paint(tmp_path_factory.mktemp("film") / "gate & <yard>.mp4", 3, Stay(RED, 1, 2))


def watch_all(house: House) -> None:
    """What the workers would do."""
    context = house.site.context
    with reading(house.site.database) as session:
        waiting = undispatched(session)
    for analysis in {watch(segment, context) for segment in waiting} - {None}:
        match_analysis(analysis, context)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A browser of its own, in which nobody has logged in."""
    context = browser.new_context(viewport=WIDE)
    page = context.new_page()
    yield page
    context.close()


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the browser finds fault with."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


def enter(page: Page, house: House, name: str, password: str = PASSWORD) -> None:
    """Log in by hand."""
    page.goto(f"{house.address}/login")
    page.get_by_label("Account").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def test_from_the_first_login_to_a_recording_that_was_watched(
    page: Page, complaints: list[str], house: House, film: Path
) -> None:
    house.open_account("ann", Role.UPLOADER, one_time=True)
    enter(page, house, "ann")
    expect(page.get_by_role("heading", name="Choose a password")).to_be_visible()
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_label("New password", exact=True).fill("a password of my own")
    page.get_by_label("Repeat new password").fill("a password of my own")
    page.get_by_role("button", name="Change password").click()
    page.get_by_role("navigation").get_by_role("link", name="Recordings").click()
    expect(page.get_by_text("No recordings yet")).to_be_visible()

    page.wait_for_load_state()  # its script listens from then on
    page.get_by_label("Choose files").set_input_files(film)
    expect(page.get_by_text("Uploaded. Checking file...")).to_be_visible()
    house.importer.look_round()
    expect(page.get_by_text("Queued")).to_be_visible()
    watch_all(house)
    expect(page.get_by_text("Processed", exact=True)).to_be_visible()

    page.get_by_role("link", name="gate & <yard>.mp4").click()
    expect(page.get_by_role("heading", name="gate & <yard>.mp4")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    assert complaints == []


def test_a_file_whose_line_broke_goes_on_where_it_stopped(
    page: Page, house: House, tmp_path: Path
) -> None:
    house.open_account("ann", Role.UPLOADER)
    enter(page, house, "ann")
    page.goto(f"{house.address}/recordings")
    file = tmp_path / "long.mp4"
    file.write_bytes(b"0123456789" * 4_000_000)  # more than one piece
    sent: list[str] = []
    broken = [True]

    def pass_on(route: Route) -> None:
        if route.request.method == "PATCH":
            sent.append(route.request.headers["upload-offset"])
        if broken and len(sent) > 1:
            route.abort()
        else:
            route.continue_()

    page.route("**/uploads/*", pass_on)
    page.wait_for_load_state()  # its script listens from then on
    page.get_by_label("Choose files").set_input_files(file)
    while len(sent) < 2:
        page.wait_for_timeout(50)
    broken.clear()
    page.reload()
    page.wait_for_load_state()  # its script listens from then on
    page.get_by_label("Choose files").set_input_files(file)
    expect(page.get_by_text("Uploaded. Checking file...")).to_be_visible()
    assert set(sent) == {"0", str(32 * 1024 * 1024)}


def test_a_refusal_is_said(page: Page, house: House, tmp_path: Path) -> None:
    house.open_account("ann", Role.UPLOADER)
    enter(page, house, "ann")
    page.goto(f"{house.address}/recordings")
    notes = tmp_path / "notes.mp4"
    notes.write_text("no video at all\n" * 1000)
    page.wait_for_load_state()  # its script listens from then on
    page.get_by_label("Choose files").set_input_files(notes)
    expect(page.get_by_text("Uploaded. Checking file...")).to_be_visible()
    house.importer.look_round()
    expect(page.get_by_text("UTC: The file is damaged")).to_be_visible()


def test_the_auditor_checks_the_log_without_leaving_the_page(
    page: Page, complaints: list[str], house: House
) -> None:
    house.open_account("eve", Role.AUDITOR)
    enter(page, house, "eve")
    page.get_by_role("navigation").get_by_role("link", name="Audit").click()
    page.get_by_role("button", name="Verify log").click()
    expect(page.get_by_text("Log verified")).to_be_visible()
    assert page.url == f"{house.address}/audit"
    assert complaints == []


def test_a_session_that_is_over_sends_an_open_page_to_the_login(page: Page, house: House) -> None:
    house.open_account("olga", Role.OPERATOR)
    enter(page, house, "olga")
    page.goto(f"{house.address}/queue")
    house.clock.pass_by(hours=13)
    expect(page.get_by_role("heading", name="Log in")).to_be_visible(timeout=15_000)


@pytest.fixture(scope="module")
def furnished(shared_house: House, film: Path) -> House:
    """A site with a recording and some entries in its log, and `all`, who may see everything."""
    shared_house.open_account("all", *Role)
    with httpx.Client(base_url=shared_house.address, headers={"accept": "text/html"}) as browser:
        log_in(browser, "all")
        browser.headers["x-form-token"] = form_token_of(browser.cookies["nightreel"])
        hand_in(browser, film.read_bytes(), film.name)
    shared_house.importer.look_round()
    watch_all(shared_house)
    for _ in range(3):
        shared_house.note("worker", Action.MATCHED)
    with writing(shared_house.site.database) as session:
        over = open_case(session, reference="over <1>", now=NOW, **TERMS)
        close_case(session, over.id, NOW)
    shared_house.note("worker", Action.PURGED, recording=1, appearance=12)
    return shared_house


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_is_hard_to_read_or_to_reach(
    page: Page, complaints: list[str], furnished: House, scheme: Any
) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    faults = []
    for place in PLACES:
        if place == "/":
            enter(page, furnished, "all")
        page.goto(furnished.address + place)
        for size in (WIDE, NARROW):
            page.set_viewport_size(size)
            found = Axe().run(page).response["violations"]
            faults += [
                (place, size["width"], one["id"], one["nodes"][0]["html"])
                for one in found
                if one["impact"] in ("serious", "critical")
            ]
            if page.evaluate("document.documentElement.scrollWidth") > size["width"]:
                faults.append((place, size["width"], "scrolls sideways", ""))
    assert faults == []
    assert [said for said in complaints if "404" not in said] == []


def test_every_page_for_people_was_looked_at() -> None:
    """Whoever adds one adds it to PLACES."""
    own = (
        "/login",
        "/",
        "/password",
        "/recordings",
        "/queue",
        "/audit",
        "/accounts",
        "/retention",
        "/api",
    )
    pages = {name.split()[1] for name in ACCESS if name.startswith("GET ")}
    ours = {place for place in pages if place.startswith(NOUNS) or place in own}
    parts = {"/recordings/list", "/queue/state", "/audit/export"}
    api = {place for place in ours if place.startswith("/api/") and not place.endswith("docs")}
    assert {place.replace("{analysis_id}", "1") for place in ours - parts - api} <= set(PLACES)
