"""Without authority nothing is searched and nothing is shown, and every refusal leaves a trace."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from callers import caller
from painted import RED, paint_photo
from rows import add_accounts
from steps import enrol, find

from errors import Locked, NotAuthorised, NotFound, WrongUsage
from pipeline.act import Caller
from pipeline.analysis.rematch import match_person
from pipeline.clock import utc_now
from pipeline.context import Context
from pipeline.governance import cases
from pipeline.judging.exports import Wanted, What, exporting
from pipeline.judging.results import view_candidates
from pipeline.people.search import Question, search
from pipeline.people.withdraw import person_called, withdraw_person
from pipeline.plan import Plan
from storage.access.audit import Action, entries
from storage.cases.case_terms import Authorisation, Change
from storage.cases.cases import URGENT, Case
from storage.cases.gallery import gallery
from storage.cases.legal_bases import BUILT_IN, Policy, parse_bases
from storage.cases.people import Standing, people_in
from storage.database.database import reading, writing
from storage.tables import Category

POLICY = Policy()
ACTOR = "account:5"
CASE = 1  # A-1, the only one
HOUR = timedelta(hours=1)
WARRANT = Authorisation("42/26", "Judge", utc_now())


def opened(context: Context, basis: str = "witness-search", **more: object) -> Case:
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
    who = caller(context.database, ACTOR)
    return cases.open_case(who, "A-1", terms, policy=POLICY, authorisation=given)


def authorise(context: Context) -> Case:
    return cases.authorise(caller(context.database, ACTOR), CASE, WARRANT)


def log(context: Context) -> list[tuple[str, dict[str, object]]]:
    """What was done, and to what."""
    with reading(context.database) as session:
        return [(one.action, json.loads(one.objects)) for one in entries(session)]


@pytest.fixture
def red(tmp_path: Path) -> Path:
    return paint_photo(tmp_path / "red.png", RED)


def ways(context: Context, red: Path) -> dict[str, Callable[[datetime], object]]:
    """Every way to look at what a case has found, at a time."""
    engine = context.engine_for(Plan(engine="stub"))

    def at(now: datetime) -> Caller:
        return caller(context.database, ACTOR, now)

    def export(now: datetime) -> None:
        with exporting(at(now), Wanted(What.CANDIDATES, CASE)):
            pass

    return {
        "candidates_viewed": lambda now: view_candidates(at(now), CASE, [1]),
        "exported": export,
        "searched": lambda now: search(at(now), [red], Question(CASE), engine=engine),
    }


def test_an_urgent_case_locks_itself_after_48_hours_until_it_is_authorised(
    context: Context, red: Path
) -> None:
    case = opened(context, "suspect-search", urgent=True)
    last, late = case.opened_at + URGENT - HOUR, case.opened_at + URGENT
    with writing(context.database) as session:
        add_accounts(session, 5)
    for look in ways(context, red).values():
        look(last)
    for action, look in ways(context, red).items():
        with pytest.raises(Locked, match="enter its authorisation"):
            look(late)
        assert log(context)[-1] == ("refused", {"attempt": action, "reason": "locked"})
    authorise(context)
    for look in ways(context, red).values():
        look(late)


def test_a_case_that_needs_an_authorisation_is_locked_from_the_beginning(
    context: Context, plan: Plan, red: Path
) -> None:
    case = opened(context, "suspect-search")
    with pytest.raises(Locked):
        enrol("Red", [red], case.id, context, plan)
    assert log(context)[-1] == ("refused", {"attempt": "person_enrolled", "reason": "locked"})
    authorise(context)
    enrol("Red", [red], case.id, context, plan)


def test_a_refused_authorisation_erases_whom_the_case_looked_for(
    context: Context, plan: Plan, clip: Path, red: Path
) -> None:
    case = opened(context, "suspect-search", urgent=True)
    enrol("Red", [red], case.id, context, plan)
    find(clip, context, plan)
    who = caller(context.database, ACTOR)
    assert len(view_candidates(who, case.id, [1]).candidates) == 1
    cases.refuse_authorisation(who, case.id)
    assert log(context)[-1] == ("authorisation_refused", {"people": 1})
    with reading(context.database) as session:
        assert people_in(session, case.id) == []
    with pytest.raises(NotAuthorised, match="was refused"):
        view_candidates(who, case.id, [1])
    with pytest.raises(NotAuthorised, match="was refused"):
        authorise(context)


def test_a_task_that_was_queued_before_the_end_is_refused_as_everybody_is(
    context: Context, plan: Plan, clip: Path, red: Path
) -> None:
    case = opened(context)
    person = enrol("Red", [red], case.id, context, plan).person_id
    cases.close_case(caller(context.database, ACTOR), case.id)
    find(clip, context, plan)
    match_person(person, context)
    assert log(context)[-1] == ("refused", {"attempt": "matched", "reason": "not-authorised"})
    who = caller(context.database, ACTOR)
    assert view_candidates(who, case.id, [1]).candidates == []


def test_a_changed_case_forgets_what_it_may_not_look_at_and_is_authorised_again(
    context: Context, plan: Plan, clip: Path, red: Path
) -> None:
    case = opened(context, "suspect-search", authorisation=WARRANT)
    enrol("Red", [red], case.id, context, plan)
    find(clip, context, plan)
    who = caller(context.database, ACTOR)
    assert len(view_candidates(who, case.id, [1]).candidates) == 1
    changed = cases.change_case(who, case.id, Change(sources=["yard"]), policy=POLICY)
    assert changed.authorised_at is None
    assert log(context)[-1] == ("case_changed", {"sources": True})
    authorise(context)
    assert view_candidates(who, case.id, [1]).candidates == []


def test_somebody_whose_review_is_due_is_left_out_until_it_was_done(
    context: Context, plan: Plan, red: Path
) -> None:
    case = opened(context)
    due = utc_now() + HOUR
    enrol("Red", [red], case.id, context, plan, standing=Standing(Category.WITNESS, due))

    def sought(now: datetime) -> int:
        with reading(context.database) as session:
            return len(
                gallery(session, keys=context.media.keys, engine="stub", now=now).reference_ids
            )

    assert (sought(due - HOUR / 2), sought(due)) == (1, 0)
    enrol("Red", [red], case.id, context, plan, standing=Standing(Category.WITNESS, due + HOUR))
    assert sought(due) == 1


def test_what_is_matched_says_with_what_and_how_strictly(
    context: Context, plan: Plan, clip: Path, red: Path
) -> None:
    enrol("Red", [red], opened(context).id, context, plan)
    find(clip, context, plan)
    action, objects = log(context)[-1]
    engine = context.engine_for(plan)
    assert action == "matched"
    assert objects["weights_sha256"] == engine.weights_sha256
    assert (objects["threshold"], objects["plan_key"]) == (engine.card.threshold, plan.key)
    assert len(str(objects["reference_set_sha256"])) == 64


def test_a_withdrawn_person_is_forgotten(context: Context, plan: Plan, red: Path) -> None:
    case = opened(context)
    person = enrol("Red", [red], case.id, context, plan).person_id
    who = caller(context.database, ACTOR)
    withdraw_person(who, case.id, person_called(who, case.id, "Red"))
    with reading(context.database) as session:
        assert people_in(session, case.id) == []
    with pytest.raises(WrongUsage, match="no person of interest of that name"):
        person_called(who, case.id, "Red")
    with pytest.raises(NotFound, match="No person of interest with this number"):
        withdraw_person(who, case.id, person)


def test_a_refused_act_on_an_unknown_case_is_recorded_where_its_reference_is_looked_up(
    context: Context,
) -> None:
    with pytest.raises(NotAuthorised, match="No case B-2; open it first"):
        cases.find_case(caller(context.database, ACTOR), "B-2", Action.SEARCHED)
    assert log(context) == [("refused", {"attempt": "searched", "reason": "not-authorised"})]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"basis": "curiosity"}, "not on the list"),
        ({"urgent": True}, "needs no authorisation"),
    ],
)
def test_a_case_outside_the_policy_is_not_opened(
    context: Context, change: dict[str, object], message: str
) -> None:
    with pytest.raises(WrongUsage, match=message):
        opened(context, **change)
    assert log(context) == []


def test_a_case_lasts_no_longer_than_the_policy_allows(context: Context) -> None:
    opened(context)
    late = Change(expires_at=utc_now() + timedelta(days=91))
    who = caller(context.database, ACTOR)
    with pytest.raises(WrongUsage, match="valid for at most 90 days"):
        cases.change_case(who, CASE, late, policy=POLICY)


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
