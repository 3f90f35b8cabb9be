"""Who may review sees no distance, rank or standing of what they have yet to decide, by any way.

Each docstring names the function that is at fault in the commit before.
"""

import csv
import io
import zipfile
from html import unescape
from pathlib import Path

import httpx
import pytest
from painted import RED, paint_photo
from staged import review_first
from visiting import House

from pipeline.judging.review import Rules
from storage.access.accounts import Role
from storage.results.verdicts import Standing

PAGES = ("/cases/1/candidates", "/cases/1/candidates/1/2", "/cases/1/changes")
API = (
    "/api/v1/cases/1/candidates",
    "/api/v1/cases/1/candidates/1/2",
    "/api/v1/cases/1/changes",
)
WITH_STANDINGS = ("/cases/1", "/cases/1/candidates", "/cases/1/candidates/1/1")
REVIEWS = (Role.REVIEWER, Role.ANALYST)
SHOWN = "0.000"
"""The distance of every candidate here, as pages show it."""


@pytest.fixture
def both(staged_house: House) -> httpx.Client:
    """An analyst who may review too, and has given no verdict yet."""
    return staged_house.visit_as(*REVIEWS)


def distances(value: object) -> list[object]:
    """Every distance that is somewhere in a JSON document."""
    if isinstance(value, list):
        return [found for one in value for found in distances(one)]
    if not isinstance(value, dict):
        return []
    own = [] if value.get("distance") is None else [value["distance"]]
    return own + [found for one in value.values() for found in distances(one)]


@pytest.mark.parametrize("page", PAGES)
def test_no_page_shows_a_reviewer_distances_before_the_verdict(
    staged_house: House, both: httpx.Client, page: str
) -> None:
    """`review.access.ACCESS` asks for one role; `pipeline.judging.overview` and `changes` do not
    ask who looks."""
    analyst = staged_house.visit_as(Role.ANALYST)
    assert SHOWN in analyst.get(page).text
    assert SHOWN not in both.get(page).text


@pytest.mark.parametrize("place", API)
def test_no_answer_gives_a_reviewer_distances_before_the_verdict(
    staged_house: House, place: str
) -> None:
    """The same of `review.api.candidates`."""
    assert distances(staged_house.program(Role.ANALYST).get(place).json())
    assert distances(staged_house.program(*REVIEWS, name="both").get(place).json()) == []


def test_no_search_shows_a_reviewer_distances_of_what_is_to_be_reviewed(
    both: httpx.Client, tmp_path: Path
) -> None:
    """`pipeline.people.search.search` does not know that its caller is to review these faces."""
    photo = {"photos": ("red.png", paint_photo(tmp_path / "red.png", RED).read_bytes())}
    found = both.post("/search", data={"case": 1}, files=photo)
    assert SHOWN not in found.text


@pytest.mark.parametrize("page", WITH_STANDINGS)
def test_no_page_shows_a_reviewer_that_another_has_decided(
    staged_house: House, both: httpx.Client, page: str
) -> None:
    """`storage.results.verdicts.standings` says HALF to everybody, and candidate.html.j2 that one
    reviewer has given a verdict."""
    review_first(staged_house, 1, "ann", Rules())
    told = both.get(page).text
    assert Standing.HALF.value not in told
    assert "One reviewer has given a verdict" not in told


@pytest.mark.parametrize("place", (API[0], "/api/v1/cases/1/candidates/1/1"))
def test_no_answer_gives_a_reviewer_the_standing_of_what_is_to_be_decided(
    staged_house: House, place: str
) -> None:
    """The same of `review.api.candidates`."""
    review_first(staged_house, 1, "ann", Rules())
    program = staged_house.program(*REVIEWS, name="both")
    assert Standing.HALF.value not in program.get(place).text


def test_no_package_gives_a_reviewer_distances_of_what_is_to_be_decided(
    staged_house: House,
) -> None:
    """`report.exporting.export` writes every candidate, also open ones, for a supervisor who may
    review them."""
    for name in ("ann", "ben"):
        review_first(staged_house, 1, name, Rules())
    supervisor = staged_house.visit_as(Role.REVIEWER, Role.SUPERVISOR)
    rows = candidates_in(supervisor.post("/cases/1/export"))
    assert [one["distance"] for one in rows if one["review_status"] == Standing.OPEN.value] == []


def candidates_in(package: httpx.Response) -> list[dict[str, str]]:
    """The candidates in an exported package; none if it was refused."""
    if not package.is_success:
        return []
    with zipfile.ZipFile(io.BytesIO(package.content)) as archive:
        table = archive.read("candidates.csv").decode()
    rows = list(csv.DictReader(io.StringIO(table)))
    return [row for row in rows if row["distance"]]


def test_no_page_of_the_audit_log_tells_a_reviewer_who_decided_on_what(staged_house: House) -> None:
    """A verdict's entry has the distance and the decision; that it was viewed tells who did."""
    review_first(staged_house, 1, "ann", Rules())
    auditor = staged_house.visit_as(Role.AUDITOR)
    both = staged_house.visit_as(Role.REVIEWER, Role.AUDITOR)
    told = '"decision":"same"'
    assert told in unescape(auditor.get("/audit").text)
    assert told not in unescape(both.get("/audit").text)
    program = staged_house.program(Role.REVIEWER, Role.AUDITOR)
    assert distances(program.get("/api/v1/audit").json()) == []


def test_no_export_of_the_audit_log_is_a_reviewer_s_who_has_yet_to_decide(
    staged_house: House,
) -> None:
    export = "/api/v1/audit/export"
    assert staged_house.program(Role.AUDITOR).get(export).status_code == 200
    assert staged_house.program(Role.REVIEWER, Role.AUDITOR).get(export).status_code == 409


def test_what_is_left_out_is_counted(staged_house: House, both: httpx.Client) -> None:
    assert "that you have yet to review" in both.get("/cases/1/candidates").text
    program = staged_house.program(*REVIEWS, name="both")
    assert program.get(API[0]).json()["to_review"] == 3


def test_a_token_without_the_role_does_not_open_an_account_s_eyes(staged_house: House) -> None:
    """The account may review, whatever its token may do."""
    staged_house.program(*REVIEWS, name="both")
    narrow = staged_house.program(Role.ANALYST, name="both")
    assert distances(narrow.get(API[0]).json()) == []


def test_who_asked_for_a_person_is_no_reviewer_and_sees_the_candidates(
    staged_house: House, tmp_path: Path
) -> None:
    program = staged_house.program(*REVIEWS, name="both")
    photo = {"photos": ("red.png", paint_photo(tmp_path / "red.png", RED).read_bytes())}
    assert program.post("/api/v1/cases/1/search", files=photo).json()["to_review"] == 3
    assert len(distances(program.get(API[0]).json())) == 3
