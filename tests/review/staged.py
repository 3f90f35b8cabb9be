"""A case with processed footage, a person of interest, and candidates to review."""

from datetime import timedelta
from pathlib import Path

from callers import caller
from painted import BLUE, RED, Stay, paint, paint_photo
from visiting import House

from pipeline.act import Caller
from pipeline.analysis.match import match_analysis
from pipeline.analysis.rematch import match_person
from pipeline.analysis.watch import watch
from pipeline.clock import utc_now
from pipeline.intake.ingest import ingest_file
from pipeline.judging.review import Rules, decide
from pipeline.people.enrol import enrol_person
from pipeline.plan import Plan
from storage.access.accounts import Role
from storage.cases.case_terms import open_case
from storage.database.database import reading, writing
from storage.jobs.dispatcher import undispatched
from storage.jobs.recordings import Request
from storage.results.verdicts import Decision, Key

PERSON = "Red <b>& Co</b>"
PLAN = Plan(engine="stub", max_segment_seconds=10)


def stage(house: House, folder: Path, *, person: str = PERSON) -> int:
    """Red appears three times, the second time beside blue; returns the case's id."""
    house.clock.now = utc_now()
    folder.mkdir(exist_ok=True)
    stays = [Stay(RED, 1, 3), Stay(RED, 5, 8), Stay(RED, 10, 12), Stay(BLUE, 5, 8, x=200)]
    film = paint(folder / "=gate <i>1.mp4", 13, *stays)
    case_id = _case(house)
    context = house.site.context
    request = Request(case_id=case_id, actor="uid:1000")
    added = ingest_file(film, context=context, plan=PLAN, now=house.clock(), request=request)
    with reading(context.database) as session:
        segments = undispatched(session)
    for segment in segments:
        watch(segment, context)
    match_analysis(added.analysis_id, context)
    photo = paint_photo(folder / "red.png", RED)
    engine = context.engine_for(PLAN)
    asks = caller(context.database)
    enrolled = enrol_person(asks, case_id, person, [photo], engine=engine, context=context)
    match_person(enrolled.person_id, context)
    return case_id


def _case(house: House) -> int:
    now = house.clock()
    with writing(house.site.database) as session:
        return open_case(
            session,
            reference="2026-117",
            legal_basis="witness-search",
            purpose="to find a witness",
            requested_by="A. Officer",
            sources=["added"],
            expires_at=now + timedelta(days=30),
            allows_grouping=True,
            now=now,
        ).id


def review_first(house: House, case_id: int, name: str, rules: Rules) -> None:
    """An account gives the verdict `same` on the first candidate."""
    account = house.open_account(name, Role.REVIEWER).id
    asked = Caller(house.site.database, f"account:{account}", house.clock())
    decide(asked, case_id, Key(1, 1), Decision.SAME, account_id=account, rules=rules)
