"""Review by programs: blind, by two, and as strict as on the pages."""

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from painted import BLUE, paint_photo
from visiting import House

from pipeline.analysis.rematch import match_people
from pipeline.judging.review import Rules
from storage.access.accounts import Role
from storage.access.audit import entries
from storage.database.database import reading

CANDIDATE = "/api/v1/cases/1/candidates/1/1"
VERDICT = "/api/v1/review/1/1/1/verdict"
SAME = {"decision": "same"}


@pytest.fixture
def ann(staged_house: House) -> httpx.Client:
    return staged_house.program(Role.REVIEWER, name="ann")


@pytest.fixture
def ben(staged_house: House) -> httpx.Client:
    return staged_house.program(Role.REVIEWER, name="ben")


@pytest.fixture
def supervisor(staged_house: House) -> httpx.Client:
    return staged_house.program(Role.SUPERVISOR)


def acts(house: House) -> list[tuple[str, str]]:
    with reading(house.site.database) as session:
        return [(one.action, one.actor) for one in entries(session)]


def all_keys(value: object) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(all_keys, value.values()))
    return set().union(*map(all_keys, value)) if isinstance(value, list) else set()


def test_a_reviewer_is_shown_neither_distance_nor_rank_nor_another_verdict(
    ann: httpx.Client, ben: httpx.Client
) -> None:
    before = ben.get("/api/v1/review/1").json()
    view = before["view"]
    here = f"/api/v1/review/1/{view['person_id']}/{view['appearance_id']}"
    assert ann.post(f"{here}/verdict", json=SAME).status_code == 201
    assert ben.get("/api/v1/review/1").json() == before
    assert not all_keys(before) & {
        "distance", "threshold", "rank", "review_status", "verdicts", "place", "box",
    }  # fmt: skip


def test_candidates_come_one_after_the_other_until_none_is_left(ann: httpx.Client) -> None:
    assert ann.get("/api/v1/review").json()[0]["left"] == 3
    for left in (3, 2, 1):
        found = ann.get("/api/v1/review/1").json()
        assert found["left"] == left
        key = f"{found['view']['person_id']}/{found['view']['appearance_id']}"
        given = ann.post(f"/api/v1/review/1/{key}/verdict", json={"decision": "different"})
        assert given.json()["decision"] == "different"
        assert ann.get(f"/api/v1/review/1/{key}").json()["own_decision"] == "different"
    assert ann.get("/api/v1/review/1").json() == {"view": None, "left": 0}


def test_the_one_behind_another_can_be_asked_for(ann: httpx.Client) -> None:
    first = ann.get("/api/v1/review/1").json()["view"]
    place = {"person": first["person_id"], "appearance": first["appearance_id"]}
    second = ann.get("/api/v1/review/1", params=place).json()["view"]
    assert second["appearance_id"] != first["appearance_id"]


def test_a_verdict_is_taken_back_until_there_is_a_second(
    ann: httpx.Client, ben: httpx.Client
) -> None:
    ann.post(VERDICT, json=SAME)
    assert ann.delete(VERDICT).json()["decision"] == "same"
    assert ann.delete(VERDICT).status_code == 409
    ann.post(VERDICT, json=SAME)
    ben.post(VERDICT, json=SAME)
    refused = ann.delete(VERDICT)
    assert (refused.status_code, "final now" in refused.json()["detail"]) == (409, True)


def test_two_programs_of_one_account_are_one_reviewer(
    staged_house: House, ann: httpx.Client
) -> None:
    ann.post(VERDICT, json=SAME)
    again = staged_house.program(Role.REVIEWER, name="ann").post(VERDICT, json=SAME)
    assert again.status_code == 409
    assert "another reviewer is needed" in again.json()["detail"]


def test_a_first_verdict_is_told_to_no_program_before_there_is_a_second(
    ann: httpx.Client, ben: httpx.Client, supervisor: httpx.Client
) -> None:
    ann.post(VERDICT, json=SAME)
    half = supervisor.get(CANDIDATE).json()
    assert (half["review_status"], half["verdicts"]) == ("awaiting second review", [])
    ben.post(VERDICT, json={"decision": "different"})
    both = supervisor.get(CANDIDATE).json()
    assert [one["decision"] for one in both["verdicts"]] == ["same", "different"]
    assert both["review_status"] == "inconclusive"


def test_poor_pictures_support_nothing_without_a_written_reason(
    staged_house: House, ann: httpx.Client, ben: httpx.Client, supervisor: httpx.Client
) -> None:
    object.__setattr__(staged_house.site, "rules", replace(Rules(), least_quality=0.99))
    assert ann.get("/api/v1/review/1/1/1").json()["below_floor"]
    for reviewer in (ann, ben):
        reviewer.post(VERDICT, json=SAME)
    assert supervisor.get(CANDIDATE).json()["review_status"] == "withheld for quality"
    assert supervisor.post(f"{CANDIDATE}/override", json={"reason": " "}).status_code == 422
    supervisor.post(f"{CANDIDATE}/override", json={"reason": "The scar is clear."})
    counts = supervisor.get(CANDIDATE).json()
    assert (counts["review_status"], counts["override"]) == ("supported", "The scar is clear.")


def test_what_two_support_is_exported_as_a_package(
    ann: httpx.Client, ben: httpx.Client, supervisor: httpx.Client
) -> None:
    nothing = supervisor.post("/api/v1/cases/1/export")
    assert (nothing.status_code, "supported by two" in nothing.json()["detail"]) == (409, True)
    for reviewer in (ann, ben):
        reviewer.post(VERDICT, json=SAME)
    package = supervisor.post("/api/v1/cases/1/export")
    with zipfile.ZipFile(io.BytesIO(package.content)) as opened:
        assert "statement.html" in opened.namelist()
    assert len(package.headers["x-package-sha256"]) == 64


def test_pictures_and_clips_are_where_a_sight_says(ann: httpx.Client) -> None:
    view = ann.get("/api/v1/review/1/1/1").json()
    for picture in (*view["pictures"], *(one["picture"] for one in view["references"])):
        assert ann.get(picture).content.startswith(b"\xff\xd8")
    clip = ann.get(view["clip"])
    assert (clip.headers["content-type"], clip.content[4:8]) == ("video/mp4", b"ftyp")
    assert ann.get(view["clip"], headers={"range": "bytes=0-9"}).status_code == 206


def test_what_a_program_does_is_in_the_log_under_its_token(
    staged_house: House, ann: httpx.Client, supervisor: httpx.Client
) -> None:
    view = ann.get("/api/v1/review/1/1/1").json()
    ann.get(view["pictures"][0])
    ann.post(VERDICT, json=SAME)
    ann.delete(VERDICT)
    supervisor.post(f"{CANDIDATE}/override", json={"reason": "The scar is clear."})
    supervisor.post("/api/v1/cases/1/export")
    assert acts(staged_house)[-5:] == [
        ("candidate_viewed", "token:1"),
        ("crop_viewed", "token:1"),
        ("verdict_given", "token:1"),
        ("verdict_undone", "token:1"),
        ("quality_overridden", "token:2"),
    ]
    log = staged_house.program(Role.AUDITOR).get("/api/v1/audit?action=verdict_given").json()
    assert log["entries"][0]["account"] == "ann"


def test_whoever_enrolled_by_a_program_does_not_review_what_it_found(
    staged_house: House, ann: httpx.Client, tmp_path: Path
) -> None:
    cy = staged_house.program(Role.ANALYST, Role.REVIEWER, name="cy")
    files = {"photos": ("blue.png", paint_photo(tmp_path / "blue.png", BLUE).read_bytes())}
    made = cy.post("/api/v1/cases/1/people", data={"name": "Blue"}, files=files).json()
    match_people([made["person_id"]], staged_house.site.context)
    assert ann.get("/api/v1/review").json()[0]["left"] == 4
    for reviewer in (cy, staged_house.program(Role.REVIEWER, name="cy")):
        assert reviewer.get("/api/v1/review").json()[0]["left"] == 3


def test_known_strangers_come_and_go(supervisor: httpx.Client) -> None:
    given = {"recording_id": 1, "reason": "Filmed elsewhere.", "number": 1}
    assert supervisor.post("/api/v1/cases/1/decoys", json=given).json() == {"decoys": 1}
    assert supervisor.delete("/api/v1/cases/1/decoys").json() == {"decoys": 1}
