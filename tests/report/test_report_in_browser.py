from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from sample_report import sample_report

from report.report import render


@pytest.fixture(scope="module")
def report_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(render(sample_report()), encoding="utf-8")
    return path


@pytest.fixture(params=["light", "dark"])
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    page = browser.new_page(color_scheme=request.param, viewport={"width": 1280, "height": 900})
    yield page
    page.close()


def test_the_page_opens_without_a_request_or_a_complaint(page: Page, report_file: Path) -> None:
    complaints: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(report_file.as_uri())
    assert complaints == []
    assert [url for url in requests if not url.startswith("data:")] == [report_file.as_uri()]


def test_every_picture_loads(page: Page, report_file: Path) -> None:
    page.goto(report_file.as_uri())
    widths = page.eval_on_selector_all("img", "images => images.map(image => image.naturalWidth)")
    assert widths == [96] * len(widths)
    assert len(widths) > 8


@pytest.mark.parametrize("width", [390, 760, 1280])
def test_nothing_has_to_be_scrolled_sideways(page: Page, report_file: Path, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(report_file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_dark_screen_still_prints_on_white_paper(browser: Browser, report_file: Path) -> None:
    page = browser.new_page(color_scheme="dark")
    page.goto(report_file.as_uri())
    ink = "getComputedStyle(document.body).color"
    on_screen = page.evaluate(ink)
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate(ink) == "rgb(28, 33, 39)" != on_screen
    page.close()


def test_a_candidate_on_the_strip_leads_to_its_card(page: Page, report_file: Path) -> None:
    page.goto(report_file.as_uri())
    page.locator("rect.candidate").first.click()
    assert page.evaluate("document.querySelector(':target').id") == "person-1-candidate-1"
