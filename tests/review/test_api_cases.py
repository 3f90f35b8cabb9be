"""Cases by programs: what allows a search, whom it looks for, in what footage, what came of it."""

from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from painted import BLUE, GREEN, RED, paint_photo
from visiting import House

from pipeline.analysis.rematch import match_people
from storage.access.accounts import Role
from storage.access.audit import entries
from storage.database.database import reading

CASE = "/api/v1/cases/1"


@pytest.fixture
def analyst(staged_house: House) -> httpx.Client:
    return staged_house.program(Role.ANALYST)


@pytest.fixture
def supervisor(staged_house: House) -> httpx.Client:
    return staged_house.program(Role.SUPERVISOR)


def terms(house: House, **changes: object) -> dict[str, object]:
    given = {
        "reference": "2026-200",
        "legal_basis": "witness-search",
        "purpose": "To find a witness.",
        "requested_by": "K. Brandt",
        "expires_at": (house.clock() + timedelta(days=10)).isoformat(),
    }
    return given | changes


def photo(folder: Path, *colours: tuple[int, int, int], name: str = "photo.png") -> object:
    return {"photos": (name, paint_photo(folder / "photo.png", *colours).read_bytes())}


def acts(house: House) -> list[tuple[str, str]]:
    with reading(house.site.database) as session:
        return [(one.action, one.actor) for one in entries(session)]


def everything(program: httpx.Client, path: str, noun: str, limit: int) -> list[object]:
    """All pieces of a list, one after the other."""
    found, cursor = [], ""
    while cursor is not None:
        some = program.get(path, params={"cursor": cursor, "limit": limit}).json()
        assert len(some[noun]) <= limit
        found += some[noun]
        cursor = some["next"]
    return found


def test_a_case_is_opened_once_on_the_same_terms(house: House) -> None:
    analyst = house.program(Role.ANALYST)
    known = {one["code"] for one in analyst.get("/api/v1/legal-bases").json()}
    assert "witness-search" in known
    for _ in range(2):
        opened = analyst.post("/api/v1/cases", json=terms(house))
        assert (opened.status_code, opened.json()["in_force"]) == (201, True)
    other = analyst.post("/api/v1/cases", json=terms(house, purpose="Another."))
    assert (other.status_code, "with other terms" in other.json()["detail"]) == (400, True)
    assert (
        analyst.post("/api/v1/cases", json=terms(house, legal_basis="a hunch")).status_code == 400
    )
    assert [one["reference"] for one in analyst.get("/api/v1/cases").json()["cases"]] == [
        "2026-200"
    ]
    assert set(acts(house)[:2]) == {("case_opened", "token:1")}


def test_a_case_is_locked_until_a_supervisor_enters_its_authorisation(house: House) -> None:
    analyst, supervisor = house.program(Role.ANALYST), house.program(Role.SUPERVISOR)
    opened = analyst.post("/api/v1/cases", json=terms(house, legal_basis="court-order")).json()
    assert opened["locked"]
    refused = analyst.get(CASE)
    assert (refused.status_code, refused.json()["detail"][:22]) == (423, "Case 2026-200 is locke")
    given = {"reference": "14 Gs 220/26", "authority": "Local court"}
    assert analyst.post(f"{CASE}/authorisation", json=given).status_code == 403
    early = given | {"at": (house.clock() + timedelta(days=1)).isoformat()}
    assert supervisor.post(f"{CASE}/authorisation", json=early).status_code == 400
    entered = supervisor.post(f"{CASE}/authorisation", json=given).json()
    assert (entered["authorised_by"], entered["locked"]) == ("Local court", False)
    assert analyst.get(CASE).status_code == 200
    assert ("refused", "token:1") in acts(house)
    assert ("case_authorised", "token:2") in acts(house)


def test_a_refused_authorisation_ends_a_case_and_erases_whom_it_looks_for(house: House) -> None:
    analyst, supervisor = house.program(Role.ANALYST), house.program(Role.SUPERVISOR)
    analyst.post("/api/v1/cases", json=terms(house, legal_basis="court-order", urgent=True))
    wrong = supervisor.post(f"{CASE}/authorisation/refusal", json={"reference": "2026-201"})
    assert (wrong.status_code, "nothing was purged" in wrong.json()["detail"]) == (400, True)
    again = {"reference": "2026-200"}
    ended = supervisor.post(f"{CASE}/authorisation/refusal", json=again).json()
    assert (ended["in_force"], ended["authorisation_refused_at"] is not None) == (False, True)
    assert analyst.get(CASE).status_code == 403


def test_a_closed_case_is_still_read_and_allows_nothing_new(
    analyst: httpx.Client, supervisor: httpx.Client
) -> None:
    assert analyst.post(f"{CASE}/close").status_code == 403
    assert supervisor.post(f"{CASE}/close").json()["closed_at"]
    assert analyst.get(CASE).json()["candidates"] == 3
    refused = analyst.post(f"{CASE}/footage", json={"recording_id": 1})
    assert (refused.status_code, "was closed" in refused.json()["detail"]) == (403, True)


def test_a_case_is_given_other_footage_and_another_end(
    staged_house: House, analyst: httpx.Client
) -> None:
    end = (staged_house.clock() + timedelta(days=40)).isoformat()
    changed = analyst.patch(CASE, json={"sources": ["yard"], "expires_at": end}).json()
    assert changed["sources"] == ["yard"]
    assert datetime.fromisoformat(changed["expires_at"]) == datetime.fromisoformat(end)
    assert changed["footage_from"] == "1900-01-01T00:00:00Z"
    assert acts(staged_house)[-1] == ("case_changed", "token:1")
    assert analyst.get(CASE).json()["candidates"] == 3  # of footage that was added for the case


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"purpose": "Another."}, 422),
        ({"sources": []}, 422),
        ({"expires_at": "2020-01-01T00:00:00Z"}, 400),
        ({"footage_from": "2026-01-02T00:00:00Z", "footage_until": "2026-01-01T00:00:00Z"}, 400),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(
    analyst: httpx.Client, change: dict[str, object], status: int
) -> None:
    assert analyst.patch(CASE, json=change).status_code == status


def test_a_changed_case_is_authorised_again_before_it_is_changed_again(house: House) -> None:
    analyst, supervisor = house.program(Role.ANALYST), house.program(Role.SUPERVISOR)
    given = {"reference": "14 Gs 220/26", "authority": "Local court"}
    opened = terms(house, legal_basis="court-order", authorisation=given)
    analyst.post("/api/v1/cases", json=opened)
    assert analyst.patch(CASE, json={"sources": ["*"]}).json()["locked"]
    refused = analyst.patch(CASE, json={"sources": ["added"]})
    assert (refused.status_code, "is locked" in refused.json()["detail"]) == (423, True)
    supervisor.post(f"{CASE}/authorisation", json=given)
    assert analyst.patch(CASE, json={"sources": ["*"]}).json()["authorised_by"] == "Local court"


def test_a_closed_case_is_not_changed(
    staged_house: House, analyst: httpx.Client, supervisor: httpx.Client
) -> None:
    supervisor.post(f"{CASE}/close")
    assert analyst.patch(CASE, json={"sources": ["*"]}).status_code == 403
    assert acts(staged_house)[-1] == ("refused", "token:1")


def test_a_case_shows_in_numbers_what_came_of_it(analyst: httpx.Client) -> None:
    shown = analyst.get(CASE).json()
    assert (shown["people"], shown["recordings"], shown["candidates"]) == (1, 1, 3)
    assert shown["review_statuses"] == {"open": 3}
    footage = analyst.get(f"{CASE}/footage").json()["footage"]
    assert [(one["state"], one["gaps"]) for one in footage] == [("done", [])]


def test_footage_is_taken_from_a_case_and_given_back(
    staged_house: House, analyst: httpx.Client
) -> None:
    asked: list[int] = []
    object.__setattr__(staged_house.site, "ask_for_people", asked.extend)
    assert analyst.delete(f"{CASE}/footage/1").json() == {"candidates_gone": 3}
    assert analyst.delete(f"{CASE}/footage/1").status_code == 404
    assert analyst.post(f"{CASE}/footage", json={"recording_id": 1}).status_code == 204
    assert asked == [1]
    match_people(asked, staged_house.site.context)
    assert analyst.get(CASE).json()["candidates"] == 3


@pytest.mark.parametrize(
    ("colours", "verdict"),
    [((), "No face was found"), ((RED, BLUE, GREEN), "It shows 3 faces"), ((GREEN,), "good")],
)
def test_photos_get_their_verdict_when_somebody_is_enrolled(
    analyst: httpx.Client,
    tmp_path: Path,
    colours: tuple[tuple[int, int, int], ...],
    verdict: str,
) -> None:
    files = photo(tmp_path, *colours)
    made = analyst.post(f"{CASE}/people", data={"name": "Somebody"}, files=files)
    assert (made.status_code, made.json()["photos"][0]["verdict"][:15]) == (201, verdict[:15])
    people = analyst.get(f"{CASE}/people").json()["people"]
    assert [one["name"] for one in people][1:] == ["Somebody"]
    picture = people[1]["photos"][0]["picture"]
    assert (picture is not None) == (verdict == "good")
    if picture:
        assert analyst.get(picture).headers["content-type"] == "image/jpeg"


def test_only_an_analyst_enrols_and_only_with_a_photo(
    analyst: httpx.Client, supervisor: httpx.Client, tmp_path: Path
) -> None:
    files = photo(tmp_path, RED)
    by_supervisor = supervisor.post(f"{CASE}/people", data={"name": "x"}, files=files)
    assert by_supervisor.status_code == 403
    without = analyst.post(f"{CASE}/people", data={"name": "x"})
    assert (without.status_code, "photos" in without.json()["detail"]) == (422, True)


def test_a_photo_is_withdrawn_and_what_that_changed_is_told(
    staged_house: House, analyst: httpx.Client
) -> None:
    assert analyst.delete(f"{CASE}/photos/1").status_code == 204
    match_people([1], staged_house.site.context)
    told = analyst.get(f"{CASE}/changes").json()
    assert [one["kind"] for one in told["changes"]] == ["gone"] * 3
    assert (told["runs"][-1]["cause"], told["runs"][-1]["actor"]) == ("withdrawn", "token:1")
    photos = analyst.get(f"{CASE}/people").json()["people"][0]["photos"]
    assert (photos[0]["verdict"], photos[0]["picture"]) == ("Withdrawn.", None)
    assert analyst.delete(f"{CASE}/photos/1").status_code == 404
    assert len(everything(analyst, f"{CASE}/changes", "changes", limit=2)) == 3


def test_somebody_is_looked_for_no_longer(staged_house: House, analyst: httpx.Client) -> None:
    assert analyst.delete(f"{CASE}/people/1").status_code == 204
    assert analyst.delete(f"{CASE}/people/1").status_code == 404
    assert analyst.get(CASE).json()["people"] == 0
    assert ("person_withdrawn", "token:1") in acts(staged_house)


def test_candidates_come_a_piece_at_a_time_by_rank(analyst: httpx.Client) -> None:
    listed = everything(analyst, f"{CASE}/candidates", "candidates", limit=2)
    assert [one["rank"] for one in listed] == [1, 2, 3]
    behind_all = analyst.get(f"{CASE}/candidates?cursor=1.99.1").json()
    assert (behind_all["candidates"], behind_all["next"]) == ([], None)
    assert "was not measured" in behind_all["calibration"][0]
    assert analyst.get(f"{CASE}/candidates?cursor=x").status_code == 422
    assert listed[0]["distance"] <= listed[0]["threshold"]
    assert analyst.get(listed[0]["pictures"][0]).content.startswith(b"\xff\xd8")


def test_a_case_that_does_not_exist_is_refused_and_that_is_in_the_log(
    staged_house: House, supervisor: httpx.Client
) -> None:
    for path in ("/close", "/purge", "/groups/make"):
        asked = {"json": {"reference": "2026-117"}} if path == "/purge" else {}
        assert supervisor.post(f"/api/v1/cases/99{path}", **asked).status_code == 403
    assert acts(staged_house)[-3:] == [("refused", "token:1")] * 3
