"""The pages of a case, of its candidates and of a search: what they show, and what they refuse."""

import csv
import io
import zipfile
from pathlib import Path

import httpx
import pytest
from painted import BLUE, GREEN, RED, paint_photo
from staged import review_first, stage
from visiting import House

from faces.engines.stub import StubEngine
from faces.error_rates import Rate
from pipeline.analysis.rematch import match_people
from pipeline.judging.review import Rules
from report.package import verify
from storage.access.accounts import Role
from storage.access.audit import entries
from storage.database.database import reading, writing
from storage.results.calibrations import Calibration, Conditions, keep
from storage.results.verdicts import Key

STRICT = Rules(least_quality=0.99)


@pytest.fixture
def case_id(house: House, tmp_path: Path) -> int:
    return stage(house, tmp_path / "footage")


@pytest.fixture
def analyst(house: House) -> httpx.Client:
    return house.visit_as(Role.ANALYST)


@pytest.fixture
def supervisor(house: House) -> httpx.Client:
    return house.visit_as(Role.SUPERVISOR)


def photos(folder: Path, *colours: tuple[int, int, int], name: str = "photo.png") -> object:
    return {"photos": (name, paint_photo(folder / "photo.png", *colours).read_bytes())}


def support(house: House, case_id: int, rules: Rules = STRICT) -> Key:
    """Two people say same of the first candidate."""
    for account in ("ann", "ben"):
        review_first(house, case_id, account, rules)
    return Key(1, 1)


def actions(house: House) -> list[str]:
    with reading(house.site.database) as session:
        return [one.action for one in entries(session)]


def test_a_case_is_opened_on_the_page_and_shows_what_allows_it(
    house: House, analyst: httpx.Client
) -> None:
    form = {"reference": "2026-200", "legal_basis": "witness-search", "days": 10}
    answer = analyst.post("/cases", data=form | {"purpose": "to find <b>a</b> witness"})
    page = analyst.get(answer.headers["location"]).text
    assert "to find &lt;b&gt;a&lt;/b&gt; witness" in page
    assert "in force" in page
    assert "No footage has been added" in page
    assert "2026-200" in analyst.get("/cases").text
    no_basis = analyst.post("/cases", data=form | {"purpose": "x", "legal_basis": "a hunch"})
    assert (no_basis.status_code, "list of legal bases" in no_basis.text) == (400, True)
    assert actions(house)[:2] == ["case_opened", "case_viewed"]


def test_a_case_shows_its_people_footage_and_candidates(
    case_id: int, analyst: httpx.Client
) -> None:
    page = analyst.get(f"/cases/{case_id}").text
    assert "Red &lt;b&gt;&amp; Co&lt;/b&gt;" in page
    assert "red.png" in page
    assert "<b>3</b> candidates" in page
    assert analyst.get(f"/cases/{case_id}/photos/1").content.startswith(b"\xff\xd8")
    listed = analyst.get(f"/cases/{case_id}/candidates").text
    assert listed.count("Candidate of rank") == 3
    detail = analyst.get(f"/cases/{case_id}/candidates/1/1").text
    assert "No verdicts yet" in detail


def test_a_first_verdict_is_told_to_nobody_before_there_is_a_second(
    house: House, case_id: int, analyst: httpx.Client
) -> None:
    review_first(house, case_id, "cy", Rules())
    page = analyst.get(f"/cases/{case_id}/candidates/1/1").text
    assert "One reviewer has given a verdict" in page
    assert "<b>same</b>" not in page


@pytest.mark.parametrize(
    ("colours", "verdict"),
    [((), "No face was found"), ((RED, BLUE, GREEN), "It shows 3 faces"), ((GREEN,), "good")],
)
def test_a_photo_gets_its_verdict_when_somebody_is_enrolled(
    house: House,
    case_id: int,
    analyst: httpx.Client,
    tmp_path: Path,
    colours: tuple[tuple[int, int, int], ...],
    verdict: str,
) -> None:
    asked: list[int] = []
    object.__setattr__(house.site, "ask_for_people", asked.extend)
    name = "=HYPERLINK(1)<script>.png"
    page = analyst.post(
        f"/cases/{case_id}/people",
        data={"name": "Somebody"},
        files=photos(tmp_path, *colours, name=name),
    ).text
    assert verdict in page
    assert ("compared with nothing" in page) == ("good" not in verdict)
    assert "&lt;script&gt;.png" in page
    assert asked == [2]
    match_people(asked, house.site.context)


def test_a_file_that_is_no_picture_gets_a_verdict_too(case_id: int, analyst: httpx.Client) -> None:
    files = {"photos": ("../../etc/passwd", b"root:x:0:0")}
    page = analyst.post(f"/cases/{case_id}/people", data={"name": "Nobody"}, files=files).text
    assert "It is not a picture that can be read." in page
    assert "passwd" in page
    nothing = analyst.post(f"/cases/{case_id}/people", data={"name": " "}, files=files)
    assert nothing.status_code == 400


def test_a_search_finds_and_enrols_nobody(
    house: House, case_id: int, analyst: httpx.Client, tmp_path: Path
) -> None:
    form = {"case": case_id}
    page = analyst.post("/search", data=form, files=photos(tmp_path, BLUE)).text
    assert page.count("Clearest picture of this appearance") == 1
    assert "=gate &lt;i&gt;1.mp4" in page
    assert "<h2>Coverage</h2>" in page
    appearance = page.split(f'src="/search/{case_id}/')[1].split("/")[0]
    picture = analyst.get(f"/search/{case_id}/{appearance}/crops/0")
    assert picture.content.startswith(b"\xff\xd8")
    assert analyst.get(f"/search/{case_id}/999/crops/0").status_code == 410
    none = analyst.post("/search", data=form, files=photos(tmp_path, GREEN)).text
    assert "No candidates." in none
    assert "Compared with " in none
    poor = analyst.post("/search", data=form, files=photos(tmp_path))
    assert (poor.status_code, "No face was found" in poor.text) == (422, True)
    assert actions(house).count("searched") == 2
    with reading(house.site.database) as session:
        assert len(list(entries(session))) > 0
    house.clock.pass_by(days=31)
    expired = house.visit_as(Role.ANALYST)
    refused = expired.post("/search", data=form, files=photos(tmp_path, BLUE))
    assert refused.status_code == 403


def test_poor_pictures_need_a_supervisors_reason(
    house: House, case_id: int, analyst: httpx.Client, supervisor: httpx.Client
) -> None:
    key = support(house, case_id)
    place = f"/cases/{case_id}/candidates/{key.person_id}/{key.appearance_id}"
    assert "withheld for quality" in supervisor.get(place).text
    assert "/override" not in analyst.get(place).text
    assert supervisor.post(f"{place}/override", data={"reason": " "}).status_code == 400
    supervisor.post(f"{place}/override", data={"reason": "The scar is clear."})
    assert "The scar is clear." in supervisor.get(place).text
    assert "<b>supported</b>" in supervisor.get(place).text


def test_decoys_are_a_supervisors_to_show_and_to_take_away(
    house: House, case_id: int, supervisor: httpx.Client, analyst: httpx.Client
) -> None:
    form = {"recording": 1, "reason": "Only our own staff is in it.", "number": 5}
    place = f"/cases/{case_id}/decoys"
    assert analyst.post(place, data=form).status_code == 403
    assert supervisor.post(place, data=form | {"reason": " "}).status_code == 400
    assert supervisor.post(place, data=form).status_code == 303
    reviewer = house.visit_as(Role.REVIEWER)
    assert "4 candidates awaiting your review" in reviewer.get("/review").text
    assert supervisor.post(f"{place}/stop").status_code == 303
    assert "3 candidates awaiting your review" in reviewer.get("/review").text
    assert "<b>3</b> candidates" in supervisor.get(f"/cases/{case_id}").text


def test_nothing_is_exported_before_two_people_support_it(
    case_id: int, supervisor: httpx.Client
) -> None:
    answer = supervisor.post(f"/cases/{case_id}/export")
    assert (answer.status_code, "supported by two reviewers" in answer.text) == (409, True)


def test_an_export_is_a_package_with_every_candidate_and_its_hash_is_in_the_log(
    house: House, case_id: int, supervisor: httpx.Client, tmp_path: Path
) -> None:
    support(house, case_id, Rules())
    answer = supervisor.post(f"/cases/{case_id}/export")
    package = tmp_path / "package.zip"
    package.write_bytes(answer.content)
    verified = verify(package)
    assert verified.sha256 == answer.headers["x-package-sha256"]
    with zipfile.ZipFile(package) as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read("candidates.csv").decode())))
        statement = archive.read("statement.html").decode()
    assert [row["review_status"] for row in rows] == ["supported", "open", "open"]
    assert rows[0]["recording"] == "'=gate <i>1.mp4"
    assert "investigative lead only" in statement
    assert "<i>1" not in statement
    with reading(house.site.database) as session:
        last = list(entries(session))[-1]
    assert (last.action, verified.sha256 in last.objects) == ("exported", True)


def test_pages_say_what_a_distance_means_or_that_nobody_knows(
    house: House, case_id: int, analyst: httpx.Client
) -> None:
    for page in ("candidates", "candidates/1/1"):
        assert "Uncalibrated" in analyst.get(f"/cases/{case_id}/{page}").text
    rate = Rate(0.75, 40, 2, 3)
    made = Calibration(
        Conditions(case_id, "stub", StubEngine.weights_sha256, 0.75, own_only=True),
        rate=rate,
        curve=(rate,),
        groups={},
        appearances=3,
        photos_sha256="a" * 64,
        actor="uid:1",
        made_at=house.clock(),
    )
    with writing(house.site.database) as session:
        keep(session, made)
    for page in ("candidates", "candidates/1/1"):
        text = analyst.get(f"/cases/{case_id}/{page}").text
        assert (
            "of 40 searches for people who are not in the footage added for this case 2 returned"
            in text
        )
        assert "Uncalibrated" not in text
