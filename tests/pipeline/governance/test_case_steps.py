"""Without authority nothing is searched and nothing is shown, and every refusal leaves a trace."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from painted import RED, paint_photo
from steps import enrol, find

from errors import Locked, NotAuthorised, WrongUsage
from pipeline.analysis.rematch import match_person
from pipeline.clock import utc_now
from pipeline.governance import cases
from pipeline.judging.results import exporting, view_candidates
from pipeline.people.search import Question, search
from pipeline.people.withdraw import withdraw_person
from pipeline.plan import Plan
from pipeline.tools import Tools
from storage.access.audit import entries
from storage.cases.case_terms import Authorisation, Change
from storage.cases.cases import URGENT, Case
from storage.cases.gallery import gallery
from storage.cases.legal_bases import BUILT_IN, Policy, parse_bases
from storage.cases.people import Standing, people_in
from storage.database.database import reading
from storage.tables import Category

POLICY = Policy()
ACTOR = "account:5"
HOUR = timedelta(hours=1)
WARRANT = Authorisation("42/26", "Judge", utc_now())


def opened(tools: Tools, basis: str = "witness-search", **more: object) -> Case:
    terms = cases.Terms(
        legal_basis=basis,
        purpose="a test",
        requested_by="an officer",
        sources=["*"],
        expires_at=utc_now() + timedelta(days=30),
        **{name: value for name, value in more.items() if name != "authorisation"},
    )
    given = more.get("authorisation")
    assert given is None or isinstance(given, Authorisation)
    return cases.open_case(
        "A-1",
        terms,
        policy=POLICY,
        actor=ACTOR,
        database=tools.database,
        now=utc_now(),
        authorisation=given,
    )


def authorise(tools: Tools) -> Case:
    return cases.authorise("A-1", WARRANT, actor=ACTOR, database=tools.database, now=utc_now())


def log(tools: Tools) -> list[tuple[str, dict[str, object]]]:
    """What was done, and to what."""
    with reading(tools.database) as session:
        return [(one.action, json.loads(one.objects)) for one in entries(session)]


@pytest.fixture
def red(tmp_path: Path) -> Path:
    return paint_photo(tmp_path / "red.png", RED)


def ways(tools: Tools, red: Path) -> dict[str, Callable[[datetime], object]]:
    """Every way to look at what a case has found, at a time."""
    engine = tools.engine_for(Plan(engine="stub"))
    who = {"actor": ACTOR, "database": tools.database}

    def export(now: datetime) -> None:
        with exporting("A-1", with_vectors=False, now=now, **who):
            pass

    return {
        "candidates_viewed": lambda now: view_candidates("A-1", [1], now=now, **who),
        "exported": export,
        "searched": lambda now: search([red], Question("A-1"), engine=engine, now=now, **who),
    }


def test_an_urgent_case_locks_itself_after_48_hours_until_it_is_authorised(
    tools: Tools, red: Path
) -> None:
    case = opened(tools, "suspect-search", urgent=True)
    last, late = case.opened_at + URGENT - HOUR, case.opened_at + URGENT
    for look in ways(tools, red).values():
        look(last)
    for action, look in ways(tools, red).items():
        with pytest.raises(Locked, match="enter its authorisation"):
            look(late)
        assert log(tools)[-1] == ("refused", {"attempt": action, "reason": "locked"})
    authorise(tools)
    for look in ways(tools, red).values():
        look(late)


def test_a_case_that_needs_an_authorisation_is_locked_from_the_beginning(
    tools: Tools, plan: Plan, red: Path
) -> None:
    case = opened(tools, "suspect-search")
    with pytest.raises(Locked):
        enrol("Red", [red], case.id, tools, plan)
    assert log(tools)[-1] == ("refused", {"attempt": "person_enrolled", "reason": "locked"})
    authorise(tools)
    enrol("Red", [red], case.id, tools, plan)


def test_a_refused_authorisation_erases_whom_the_case_looked_for(
    tools: Tools, plan: Plan, clip: Path, red: Path
) -> None:
    case = opened(tools, "suspect-search", urgent=True)
    enrol("Red", [red], case.id, tools, plan)
    find(clip, tools, plan)
    view = {"actor": ACTOR, "database": tools.database, "now": utc_now()}
    assert len(view_candidates("A-1", [1], **view)) == 1
    cases.refuse_authorisation("A-1", **view)
    assert log(tools)[-1] == ("authorisation_refused", {"people": 1})
    with reading(tools.database) as session:
        assert people_in(session, case.id) == []
    with pytest.raises(NotAuthorised, match="was refused"):
        view_candidates("A-1", [1], **view)
    with pytest.raises(NotAuthorised, match="was refused"):
        authorise(tools)


def test_a_task_that_was_queued_before_the_end_is_refused_as_everybody_is(
    tools: Tools, plan: Plan, clip: Path, red: Path
) -> None:
    case = opened(tools)
    person = enrol("Red", [red], case.id, tools, plan).person_id
    cases.close_case("A-1", actor=ACTOR, database=tools.database, now=utc_now())
    find(clip, tools, plan)
    match_person(person, tools)
    assert log(tools)[-1] == ("refused", {"attempt": "matched", "reason": "not-authorised"})
    view = {"actor": ACTOR, "database": tools.database, "now": utc_now()}
    assert view_candidates("A-1", [1], **view) == []


def test_a_changed_case_forgets_what_it_may_not_look_at_and_is_authorised_anew(
    tools: Tools, plan: Plan, clip: Path, red: Path
) -> None:
    case = opened(tools, "suspect-search", authorisation=WARRANT)
    enrol("Red", [red], case.id, tools, plan)
    find(clip, tools, plan)
    who = {"actor": ACTOR, "database": tools.database, "now": utc_now()}
    assert len(view_candidates("A-1", [1], **who)) == 1
    changed = cases.change_case("A-1", Change(sources=["yard"]), policy=POLICY, **who)
    assert changed.authorised_at is None
    assert log(tools)[-1] == ("case_changed", {"sources": True})
    authorise(tools)
    assert view_candidates("A-1", [1], **who) == []


def test_somebody_whose_review_is_due_is_left_out_until_it_was_done(
    tools: Tools, plan: Plan, red: Path
) -> None:
    case = opened(tools)
    due = utc_now() + HOUR
    enrol("Red", [red], case.id, tools, plan, standing=Standing(Category.WITNESS, due))

    def sought(now: datetime) -> int:
        with reading(tools.database) as session:
            return len(
                gallery(session, keys=tools.media.keys, engine="stub", now=now).reference_ids
            )

    assert (sought(due - HOUR / 2), sought(due)) == (1, 0)
    enrol("Red", [red], case.id, tools, plan, standing=Standing(Category.WITNESS, due + HOUR))
    assert sought(due) == 1


def test_what_is_matched_says_with_what_and_how_strictly(
    tools: Tools, plan: Plan, clip: Path, red: Path
) -> None:
    enrol("Red", [red], opened(tools).id, tools, plan)
    find(clip, tools, plan)
    action, objects = log(tools)[-1]
    engine = tools.engine_for(plan)
    assert action == "matched"
    assert objects["weights_sha256"] == engine.weights_sha256
    assert (objects["threshold"], objects["plan_key"]) == (engine.card.threshold, plan.key)
    assert len(str(objects["reference_set_sha256"])) == 64


def test_a_withdrawn_person_is_forgotten(tools: Tools, plan: Plan, red: Path) -> None:
    case = opened(tools)
    person = enrol("Red", [red], case.id, tools, plan).person_id
    who = {"actor": ACTOR, "database": tools.database, "now": utc_now()}
    assert withdraw_person("Red", case="A-1", **who) == person
    with reading(tools.database) as session:
        assert people_in(session, case.id) == []
    with pytest.raises(WrongUsage, match="nobody of that name"):
        withdraw_person("Red", case="A-1", **who)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"basis": "curiosity"}, "not on the list"),
        ({"urgent": True}, "needs no authorisation"),
    ],
)
def test_a_case_outside_the_policy_is_not_opened(
    tools: Tools, change: dict[str, object], message: str
) -> None:
    with pytest.raises(WrongUsage, match=message):
        opened(tools, **change)
    assert log(tools) == []


def test_a_case_lasts_no_longer_than_the_policy_allows(tools: Tools) -> None:
    opened(tools)
    late = Change(expires_at=utc_now() + timedelta(days=91))
    who = {"actor": ACTOR, "database": tools.database, "now": utc_now()}
    with pytest.raises(WrongUsage, match="lasts 90 days at most"):
        cases.change_case("A-1", late, policy=POLICY, **who)


def test_the_organisations_list_takes_the_place_of_the_built_in_one() -> None:
    assert parse_bases("") is BUILT_IN
    own = parse_bases("search-7=Under section 7; search-9!=Under section 9")
    assert [(one.code, one.needs_authorisation) for one in own.values()] == [
        ("search-7", False),
        ("search-9", True),
    ]
    for text in ("no sentence", "a b=two words", "=nothing", "ä=ä"):
        with pytest.raises(WrongUsage, match="NIGHTREEL_LEGAL_BASES"):
            parse_bases(text)
