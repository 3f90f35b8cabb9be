"""The API over PostgreSQL: all that it answers, read once."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from painted import RED, Stay, paint, paint_photo
from sqlalchemy import Engine
from test_uploads import hand_in
from visiting import House, house_over

from pipeline.analysis.match import match_analysis
from pipeline.analysis.rematch import match_person
from pipeline.analysis.watch import watch
from pipeline.clock import utc_now
from storage.access.accounts import Role
from storage.database.database import reading
from storage.jobs.dispatcher import undispatched

API = "/api/v1"
CASE = f"{API}/cases/1"
GIVEN = {
    "reference": "2026-200",
    "legal_basis": "witness-search",
    "purpose": "To find a witness.",
    "requested_by": "K. Brandt",
    "expires_at": (utc_now() + timedelta(days=10)).isoformat(),
    "allows_grouping": True,
}


@pytest.fixture
def house(database: Engine, tmp_path: Path) -> Iterator[House]:
    with house_over(database, tmp_path, utc_now()) as house:
        yield house


def fill(house: House, analyst: httpx.Client, folder: Path) -> None:
    """A case with somebody to look for, footage of them that was watched, and a group."""
    context = house.site.context
    assert analyst.post(f"{API}/cases", json=GIVEN).status_code == 201
    photo = paint_photo(folder / "red.png", RED).read_bytes()
    enrolled = analyst.post(f"{CASE}/people", data={"name": "A"}, files={"photos": photo})
    assert enrolled.status_code == 201
    film = paint(folder / "gate.mp4", 6, Stay(RED, 0, 2), Stay(RED, 4, 6)).read_bytes()
    hand_in(analyst, film, case=GIVEN["reference"], at=f"{API}/uploads")
    house.importer.look_round()
    with reading(context.database) as session:
        segments = undispatched(session)
    for analysis in {watch(segment, context) for segment in segments} - {None}:
        match_analysis(analysis, context)
    match_person(1, context)
    assert analyst.post(f"{CASE}/groups/make").status_code == 200


def there(analyst: httpx.Client) -> dict[str, object]:
    """What the parts of a path that are to be filled in are called, and what is there."""
    (person,) = analyst.get(f"{CASE}/people").json()["people"]
    candidate, _ = analyst.get(f"{CASE}/candidates").json()["candidates"]
    (footage,) = analyst.get(f"{CASE}/footage").json()["footage"]
    (group,) = analyst.get(f"{CASE}/groups").json()["groups"]
    return {
        "case_id": 1,
        "person": person["id"],
        "photo": person["photos"][0]["id"],
        "reference": person["photos"][0]["id"],
        "appearance": candidate["appearance_id"],
        "place": 0,
        "analysis_id": footage["analysis_id"],
        "group": group["id"],
        "account_id": 1,
    }


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_whatever_there_is_can_be_read(house: House, tmp_path: Path) -> None:
    analyst, reader = house.program(Role.ANALYST, Role.UPLOADER), house.program(*Role)
    fill(house, analyst, tmp_path)
    known = there(analyst)
    described = reader.get(f"{API}/openapi.json").json()["paths"]
    paths = [path for path, operations in described.items() if "get" in operations]
    answers = {path: reader.get(path.format(**known)).status_code for path in paths}
    # Refused to an account that may review, as long as it has candidates to decide.
    of_results = (
        f"{API}/cases/{{case_id}}/candidates/{{person}}/{{appearance}}",
        f"{API}/audit/export",
    )
    assert answers == dict.fromkeys(paths, 200) | dict.fromkeys(of_results, 409)
