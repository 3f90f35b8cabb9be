"""Searches, groups and purges by programs."""

from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from painted import GREEN, RED, paint_photo
from rows import NOW, TERMS
from visiting import House

from storage.access.accounts import Role
from storage.access.audit import entries
from storage.cases.case_terms import open_case
from storage.database.database import reading, writing

CASE = "/api/v1/cases/1"


@pytest.fixture
def analyst(staged_house: House) -> httpx.Client:
    return staged_house.program(Role.ANALYST)


@pytest.fixture
def supervisor(staged_house: House) -> httpx.Client:
    return staged_house.program(Role.SUPERVISOR)


def photo(folder: Path, *colours: tuple[int, int, int]) -> object:
    return {"photos": ("photo.png", paint_photo(folder / "photo.png", *colours).read_bytes())}


def test_a_search_finds_and_says_what_it_covered(
    staged_house: House, analyst: httpx.Client, tmp_path: Path
) -> None:
    found = analyst.post(f"{CASE}/search", files=photo(tmp_path, RED)).json()
    assert len(found["hits"]) == 3
    assert found["own_only"]
    assert found["reach"]["searched"]["recordings"] == 1
    assert (found["reach"]["not_searched"], found["cut_off"]) == ({}, False)
    assert analyst.get(found["hits"][0]["pictures"][0]).content.startswith(b"\xff\xd8")
    with reading(staged_house.site.database) as session:
        log = [(one.action, one.actor) for one in entries(session)]
    assert log[-2:] == [("searched", "token:1"), ("crop_viewed", "token:1")]


@pytest.mark.parametrize(
    ("filters", "hits", "why"),
    [
        ({"limit": "1"}, 1, None),
        ({"source": "gate"}, 3, None),
        ({"source": "Yard"}, 0, "outside the search filters"),
        ({"added_from": "2199-01-01T00:00:00+01:00"}, 0, "outside the search filters"),
        ({"added_until": "2199-01-01T00:00:00Z"}, 3, None),
    ],
)
def test_filters_narrow_a_search_and_are_part_of_its_reach(
    analyst: httpx.Client, tmp_path: Path, filters: dict[str, str], hits: int, why: str | None
) -> None:
    found = analyst.post(f"{CASE}/search", data=filters, files=photo(tmp_path, RED)).json()
    assert len(found["hits"]) == hits
    assert list(found["reach"]["not_searched"]) == ([why] if why else [])
    assert found["cut_off"] == ("limit" in filters)


def test_a_moment_without_a_zone_or_beyond_all_time_is_refused(
    analyst: httpx.Client, tmp_path: Path
) -> None:
    for moment, status in (("2026-01-01T00:00:00", 422), ("0001-01-01T00:00:00+14:00", 400)):
        data, files = {"added_from": moment}, photo(tmp_path, RED)
        assert analyst.post(f"{CASE}/search", data=data, files=files).status_code == status


def test_a_photo_that_cannot_be_searched_with_is_refused_with_its_verdict(
    analyst: httpx.Client, tmp_path: Path
) -> None:
    answer = analyst.post(f"{CASE}/search", files=photo(tmp_path, RED, GREEN))
    assert (answer.status_code, "It shows 2 faces" in answer.json()["detail"]) == (422, True)


def test_a_case_is_grouped_split_merged_and_one_becomes_a_person(analyst: httpx.Client) -> None:
    made = analyst.post(f"{CASE}/groups/make").json()["groups"]
    assert [(one["appearances"], one["moments"]) for one in made] == [(3, 3)]
    group = f"{CASE}/groups/{made[0]['id']}"
    members = analyst.get(group).json()["members"]
    assert analyst.get(members[0]["picture"]).content.startswith(b"\xff\xd8")
    one = {"appearance_ids": [members[0]["appearance_id"]]}
    split = analyst.post(f"{group}/split", json=one)
    assert split.status_code == 201
    known = analyst.get(f"{CASE}/groups?limit=1").json()
    assert (len(known["groups"]), known["next"]) == (1, f"-2.{made[0]['id']}")
    both = {"group_ids": [made[0]["id"], split.json()["id"]]}
    assert analyst.post(f"{CASE}/groups/merge", json=both).json() == {"id": made[0]["id"]}
    person = analyst.post(f"{group}/promote", json={"name": "Somebody"}).json()
    assert person["person_id"] == 2
    assert analyst.get(group).json()["person_id"] == 2


def test_a_case_that_does_not_allow_grouping_refuses_it(
    staged_house: House, analyst: httpx.Client
) -> None:
    forever = TERMS | {"expires_at": staged_house.clock() + timedelta(days=1)}
    with writing(staged_house.site.database) as session:
        open_case(session, reference="B", now=NOW, **forever)
    answer = analyst.post("/api/v1/cases/2/groups/make")
    assert (answer.status_code, "does not allow" in answer.json()["detail"]) == (403, True)


def test_a_case_is_erased_once_it_has_ended_and_its_reference_is_given_again(
    supervisor: httpx.Client,
) -> None:
    again = {"reference": "2026-117"}
    early = supervisor.post(f"{CASE}/purge", json=again)
    assert (early.status_code, "close it first" in early.json()["detail"]) == (400, True)
    supervisor.post(f"{CASE}/close")
    ended = supervisor.get("/api/v1/retention").json()["ended"]
    assert [one["reference"] for one in ended] == ["2026-117"]
    wrong = supervisor.post(f"{CASE}/purge", json={"reference": "2026-118"})
    assert (wrong.status_code, "nothing was purged" in wrong.json()["detail"]) == (400, True)
    certificate = supervisor.post(f"{CASE}/purge", json=again).json()
    assert certificate["rows"]["candidate"] == 3
    assert certificate["actor"] == "token:1"
    after = supervisor.get("/api/v1/retention").json()
    assert after["ended"] == []
    assert after["purges"][0]["entry"] == certificate["audit_entry"]
    assert supervisor.post("/api/v1/retention/due").json() == []
