"""The whole way, as an organisation goes it the first time: a running stack, a browser, and people.

From the password that the first start prints to the certificate that says what was erased.
"""

from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from command_line import Nightreel, Up, bring_up
from painted import BLUE, RED, Stay, paint, paint_photo
from playwright.sync_api import Browser, Page, expect
from waiting import wait_until

from worker.stack_info import running

expect.set_options(timeout=30_000)  # a machine may be busy
REFERENCE = "2026-117"
OWN_PASSWORD = "a password of my own"


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    """A stack that nobody has used yet."""
    up = bring_up(Nightreel(tmp_path / "home"))
    yield up
    up.stop()
    up.nightreel.clean_up()


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Red is seen once, and blue beside."""
    return paint(tmp_path / "gate.mp4", 4, Stay(RED, 1, 3), Stay(BLUE, 1, 3, x=200))


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """Of red."""
    return paint_photo(tmp_path / "front.png", RED)


def first_password(up: Up) -> str:
    """What `nightreel up` prints once."""
    assert up.process.stderr is not None
    lines = iter(up.process.stderr.readline, "")
    return next(line.split()[-1] for line in lines if "Admin account created" in line)


def address_of(up: Up) -> str:
    """Where the page is, as soon as it answers."""
    stack = running(up.nightreel.home)
    assert stack is not None

    def answers() -> bool:
        with suppress(httpx.TransportError):
            return httpx.get(f"{stack.web_url}/login").status_code == 200
        return False

    wait_until(answers)
    return stack.web_url


def enter(browser: Browser, address: str, name: str, password: str) -> Page:
    """Log in with a one-time password, and choose one's own."""
    page = browser.new_page(base_url=address)
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    page.goto("/login")
    page.get_by_label("Account").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.get_by_label("Current password").fill(password)
    page.get_by_label("New password", exact=True).fill(OWN_PASSWORD)
    page.get_by_label("Repeat new password").fill(OWN_PASSWORD)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
    return page


def go_to(page: Page, place: str) -> None:
    """By the navigation, as people do."""
    page.get_by_role("navigation", name="Pages").get_by_role("link", name=place).click()
    page.wait_for_load_state()


def make_account(admin: Page, name: str, role: str) -> str:
    """Returns its one-time password."""
    go_to(admin, "Accounts")
    form = admin.locator("form").filter(has_text="Create account")
    form.get_by_label("Name").fill(name)
    form.get_by_label(role).check()
    form.get_by_role("button").click()
    expect(admin.get_by_role("status").get_by_text(name, exact=True)).to_be_visible()
    return admin.get_by_role("status").get_by_role("code").inner_text()


def open_case(analyst: Page) -> None:
    go_to(analyst, "Cases")
    analyst.get_by_label("Reference").fill(REFERENCE)
    analyst.get_by_label("Legal basis").select_option("suspect-search")
    analyst.get_by_label("Purpose").fill("to find who was at the gate")
    analyst.get_by_role("button", name="Open case").click()
    expect(analyst.get_by_text("locked: authorisation missing")).to_be_visible()


def authorise(supervisor: Page) -> None:
    go_to(supervisor, "Cases")
    supervisor.get_by_role("link", name=REFERENCE).click()
    supervisor.get_by_label("Authorisation reference").fill("AG 12/26")
    supervisor.get_by_label("Authorised by").fill("the court")
    supervisor.get_by_role("button", name="Enter authorisation").click()
    expect(supervisor.get_by_text("in force", exact=True)).to_be_visible()


def hand_in(uploader: Page, film: Path) -> None:
    """By dropping a file, as from a folder beside the browser."""
    go_to(uploader, "Recordings")
    uploader.get_by_label("Case").select_option(REFERENCE)
    drop(uploader, "#drop", film)
    expect(uploader.get_by_text("Processed", exact=True)).to_be_visible(timeout=60_000)


def drop(page: Page, zone: str, file: Path) -> None:
    dropped = page.evaluate_handle(
        """([name, body]) => {
            const bytes = Uint8Array.from(atob(body), (one) => one.charCodeAt(0));
            const dropped = new DataTransfer();
            dropped.items.add(new File([bytes], name, {type: "video/mp4"}));
            return dropped;
        }""",
        [file.name, b64encode(file.read_bytes()).decode()],
    )
    for kind in ("dragenter", "dragover", "drop"):
        page.dispatch_event(zone, kind, {"dataTransfer": dropped})


def enrol(analyst: Page, photo: Path) -> None:
    go_to(analyst, "Cases")
    analyst.get_by_role("link", name=REFERENCE).click()
    expect(analyst.get_by_text("No persons of interest yet")).to_be_visible()
    analyst.get_by_label("Name").fill("Red")
    analyst.get_by_label("Photos").set_input_files(photo)
    analyst.get_by_role("button", name="Add and compare").click()
    expect(analyst.get_by_text("front.png: good").first).to_be_visible()

    wait_until(lambda: look_again(analyst))


def look_again(analyst: Page) -> bool:
    """Follow the link until nothing is under way any more."""
    again = analyst.get_by_role("link", name="Refresh")
    if again.is_visible():
        again.click()
    return analyst.get_by_text("1 candidate: 1 open").is_visible()


def search(analyst: Page, photo: Path) -> None:
    go_to(analyst, "Search")
    analyst.get_by_label("Case").select_option(REFERENCE)
    analyst.get_by_label("Photos").set_input_files(photo)
    analyst.get_by_role("button", name="Search").click()
    expect(analyst.get_by_role("img", name="Clearest picture")).to_be_visible()


def decide(reviewer: Page) -> None:
    """By keyboard."""
    go_to(reviewer, "Review")
    reviewer.get_by_role("link", name=REFERENCE).click()
    expect(reviewer.get_by_text("1 awaiting your review")).to_be_visible()
    expect(reviewer.get_by_role("img", name="The closest reference photo")).to_be_visible()
    reviewer.wait_for_load_state("networkidle")
    reviewer.keyboard.press("s")
    expect(reviewer.get_by_text("Your verdict: same")).to_be_visible()


def look_closer(analyst: Page) -> str:
    """At the candidate, whose place this returns."""
    go_to(analyst, "Cases")
    analyst.get_by_role("link", name=REFERENCE).click()
    analyst.get_by_role("link", name="View candidates by rank").click()
    analyst.get_by_role("link", name="Candidate of rank 1").click()
    expect(analyst.get_by_role("listitem").filter(has_text="ray: same")).to_be_visible()
    return analyst.url


def seen_at(page: Page, place: str) -> str:
    page.goto(place)
    return page.inner_text("main")


def export(supervisor: Page, package: Path) -> None:
    go_to(supervisor, "Cases")
    supervisor.get_by_role("link", name=REFERENCE).click()
    expect(supervisor.get_by_text("1 candidate: 1 supported")).to_be_visible()
    with supervisor.expect_download() as download:
        supervisor.get_by_role("button", name="Export evidence package").click()
    download.value.save_as(package)


def erase(supervisor: Page) -> None:
    supervisor.get_by_text("Close this case").click()
    supervisor.get_by_role("button", name="Close case").click()
    supervisor.get_by_role("link", name="Purge it").click()
    supervisor.get_by_label("Type the case reference to confirm").fill(REFERENCE)
    supervisor.get_by_role("button", name="Purge this case").click()
    expect(supervisor.get_by_text("Verified: no remnants found.")).to_be_visible()


@pytest.mark.timeout(400)  # six people log in and a stack starts: half a minute, if it is quiet
def test_an_organisation_goes_the_whole_way(
    up: Up, browser: Browser, film: Path, photo: Path, tmp_path: Path
) -> None:
    roles = {
        "uma": "uploader", "ann": "analyst", "ray": "reviewer", "rex": "reviewer",
        "sue": "supervisor",
    }  # fmt: skip
    address = address_of(up)
    admin = enter(browser, address, "admin", first_password(up))
    people = {
        name: enter(browser, address, name, make_account(admin, name, role))
        for name, role in roles.items()
    }
    open_case(people["ann"])
    authorise(people["sue"])
    hand_in(people["uma"], film)
    enrol(people["ann"], photo)
    search(people["ann"], photo)
    decide(people["ray"])
    decide(people["rex"])
    export(people["sue"], tmp_path / "package.zip")
    assert up.nightreel("verify", tmp_path / "package.zip").code == 0
    place = look_closer(people["ann"])
    erase(people["sue"])
    assert "was purged" in seen_at(people["ann"], place)
    left = seen_at(people["ann"], "/cases/1")
    assert "Purged on" in left
    assert "Red" not in left
