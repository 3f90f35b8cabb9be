"""Review: candidates one after the other, and a verdict on each."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Query

from pipeline.act import Caller
from pipeline.judging.looking import cases_to_review, next_sight, see
from pipeline.judging.review import decide, own_decision, undo
from review.api.models.verdicts import (
    CaseToReviewAnswer,
    Decided,
    DecisionGiven,
    NextAnswer,
    SightAnswer,
)
from review.api.routing import IN_A_CASE, PREFIX, SETTLED, routes_of
from review.guard import router
from review.numbers import MOST, Number
from review.site import OurSite, Site
from review.visitors import Asked, Visitor, Who
from storage.results.blind_views import BlindView
from storage.results.verdicts import Key

routes = routes_of("review")
in_a_case = router(f"{PREFIX}/review/{{case_id}}", tags=["review"], responses=IN_A_CASE)
ONE = "/{person}/{appearance}"
Behind = Annotated[
    int | None,
    Query(ge=1, le=MOST, description="Of the candidate shown before; give both or neither."),
]


@routes.get("/review")
def list_cases(ours: OurSite, asked: Asked, who: Who) -> list[CaseToReviewAnswer]:
    """The cases in force, each with the number of candidates awaiting your review."""
    cases = cases_to_review(asked, who.account_id, ours.rules)
    return [CaseToReviewAnswer.of(case) for case in cases]


@in_a_case.get("")
def next_candidate(
    case_id: Number,
    ours: OurSite,
    asked: Asked,
    who: Who,
    person: Behind = None,
    appearance: Behind = None,
) -> NextAnswer:
    """The next candidate in your own order, or the one after another. Candidates that you or two
    others have reviewed, or whose search you requested, are left out."""
    after = None if person is None or appearance is None else Key(person, appearance)
    found = next_sight(asked, case_id, who.account_id, ours.rules, after=after)
    view = _shown(ours, asked, who, found.view) if found.view else None
    return NextAnswer(view=view, left=found.left)


@in_a_case.get(ONE)
def look(
    case_id: Number, person: Number, appearance: Number, ours: OurSite, asked: Asked, who: Who
) -> SightAnswer:
    """One candidate, whether reviewed or not."""
    return _shown(ours, asked, who, see(asked, case_id, Key(person, appearance)))


@in_a_case.post(f"{ONE}/verdict", status_code=HTTPStatus.CREATED, responses=SETTLED)
def give_verdict(
    case_id: Number,
    person: Number,
    appearance: Number,
    ours: OurSite,
    asked: Asked,
    who: Who,
    given: DecisionGiven,
) -> Decided:
    """Give a verdict; it is stored with what was shown. Two different people review each candidate,
    and only two `same` verdicts support it."""
    key = Key(person, appearance)
    decide(
        asked,
        case_id,
        key,
        given.decision,
        account_id=who.account_id,
        rules=ours.rules,
        shown_was=given.shown,
    )
    return Decided.of(key, given.decision)


@in_a_case.delete(f"{ONE}/verdict", responses=SETTLED)
def take_back(
    case_id: Number, person: Number, appearance: Number, asked: Asked, who: Who
) -> Decided:
    """Undo your verdict, as long as no second one has been given."""
    key = Key(person, appearance)
    return Decided.of(key, undo(asked, case_id, key, account_id=who.account_id))


def _shown(ours: Site, asked: Caller, who: Visitor, view: BlindView) -> SightAnswer:
    own = own_decision(asked, view.key, who.account_id)
    return SightAnswer.of(view, below_floor=ours.rules.is_below_floor(view), own=own)
