"""The Groups page: what it shows, what it does, and for whom."""

from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from painted import BLUE, RED, Stay, paint
from rows import NOW, TERMS
from visiting import House

from pipeline.analysis.match import match_analysis
from pipeline.analysis.watch import watch
from pipeline.clock import utc_now
from pipeline.intake.ingest import ingest_file
from storage.access.accounts import Role
from storage.access.audit import entries
from storage.cases.case_terms import open_case
from storage.database.database import reading, writing
from storage.jobs.dispatcher import undispatched
from storage.jobs.recordings import Request


@pytest.fixture
def analyst(house: House, tmp_path: Path) -> httpx.Client:
    """An analyst's browser; in case A red was seen twice and blue once."""
    context, plan = house.site.context, house.site.plan
    terms = TERMS | {"expires_at": utc_now() + timedelta(days=1)}  # enrolling asks the real clock
    with writing(context.database) as session:
        for reference in ("A", "B"):
            allows = reference == "A"
            open_case(session, reference=reference, now=NOW, allows_grouping=allows, **terms)
    stays = (Stay(RED, 0, 2), Stay(RED, 5, 8), Stay(BLUE, 0, 1, x=200))
    film = paint(tmp_path / "yard.mp4", 8, *stays)
    known = ingest_file(film, context=context, plan=plan, now=NOW, request=Request(case_id=1))
    with reading(context.database) as session:
        segments = undispatched(session)
    for segment in segments:
        watch(segment, context)
    match_analysis(known.analysis_id, context)
    return house.visit_as(Role.ANALYST)


def test_a_case_is_grouped_looked_at_split_and_merged(house: House, analyst: httpx.Client) -> None:
    assert analyst.get("/groups").text.count('href="/groups/') == 1
    assert "No groups:" in analyst.get("/groups/1").text
    assert analyst.post("/groups/1/make").headers["location"] == "/groups/1"
    assert "2 appearances, 2 different moments" in analyst.get("/groups/1").text
    shown = analyst.get("/groups/1/1").text
    crops = [part.split('"')[0] for part in shown.split('src="/groups')[1:]]
    assert len(crops) == 2
    picture = analyst.get(f"/groups{crops[0]}")
    assert picture.headers["content-type"] == "image/jpeg"
    appearance = crops[0].rpartition("/")[2]
    made = analyst.post("/groups/1/1/split", data={"appearance": appearance}).headers["location"]
    assert made == "/groups/1/2"
    assert analyst.post("/groups/1/merge", data={"group": ["1", "2"]}).status_code == 303
    assert "2 appearances" in analyst.get("/groups/1").text
    assert analyst.post("/groups/1/1/promote", data={"name": "Somebody"}).status_code == 303
    assert "Added to the case as a person of interest" in analyst.get("/groups/1/1").text
    with reading(house.site.database) as session:
        acts = [one.action for one in entries(session)]
    assert {"grouped", "crop_viewed", "candidates_viewed", "person_enrolled"} <= set(acts)


def test_a_case_that_does_not_allow_it_has_no_page(house: House, analyst: httpx.Client) -> None:
    for answer in (analyst.get("/groups/2"), analyst.post("/groups/2/make")):
        assert answer.status_code == 403
        assert "--allow-grouping" in answer.text
    house.clock.now = utc_now() + timedelta(days=2)
    late = house.visit_as(Role.ANALYST)
    assert "No case in force allows" in late.get("/groups").text


@pytest.mark.parametrize("form", [{}, {"group": "x"}, {"group": "1"}, {"group": ["1", "99"]}])
def test_nonsense_is_refused_in_a_sentence(analyst: httpx.Client, form: dict[str, object]) -> None:
    analyst.post("/groups/1/make")
    assert analyst.post("/groups/1/merge", data=form).status_code in (400, 422)
    assert analyst.get("/groups/1/77").status_code in (404, 410)
