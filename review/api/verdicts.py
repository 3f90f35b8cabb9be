"""Review: candidates one after the other, for a reviewer, and the verdict on each."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Query

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
from review.visitors import Visitor, Who
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
def list_cases(ours: OurSite, who: Who) -> list[CaseToReviewAnswer]:
    """The cases in force, each with the number of candidates awaiting your review."""
    found = cases_to_review(ours.database, who.reviewer, ours.rules, now=ours.now())
    return [CaseToReviewAnswer.of(one) for one in found]


@in_a_case.get("")
def next_candidate(
    case_id: Number, ours: OurSite, who: Who, person: Behind = None, appearance: Behind = None
) -> NextAnswer:
    """The next candidate in your own order, or the one after another. Candidates that you or two
    others have reviewed, or whose search you requested, are left out."""
    after = None if person is None or appearance is None else Key(person, appearance)
    found = next_sight(
        ours.database, case_id, who.reviewer, ours.rules, now=ours.now(), after=after
    )
    view = _shown(ours, who, found.view) if found.view else None
    return NextAnswer(view=view, left=found.left)


@in_a_case.get(ONE)
def look(
    case_id: Number, person: Number, appearance: Number, ours: OurSite, who: Who
) -> SightAnswer:
    """One candidate, whether reviewed or not."""
    key = Key(person, appearance)
    return _shown(
        ours, who, see(ours.database, case_id, key, reviewer=who.reviewer, now=ours.now())
    )


@in_a_case.post(f"{ONE}/verdict", status_code=HTTPStatus.CREATED, responses=SETTLED)
def give_verdict(
    case_id: Number,
    person: Number,
    appearance: Number,
    ours: OurSite,
    who: Who,
    given: DecisionGiven,
) -> Decided:
    """Give a verdict; it is stored with what was shown. Two different people review each candidate,
    and only two `same` verdicts support it."""
    key = Key(person, appearance)
    decide(
        ours.database,
        case_id,
        key,
        given.decision,
        reviewer=who.reviewer,
        rules=ours.rules,
        now=ours.now(),
    )
    return Decided.of(key, given.decision)


@in_a_case.delete(f"{ONE}/verdict", responses=SETTLED)
def take_back(
    case_id: Number, person: Number, appearance: Number, ours: OurSite, who: Who
) -> Decided:
    """Undo your verdict, as long as no second one has been given."""
    key, now = Key(person, appearance), ours.now()
    return Decided.of(key, undo(ours.database, case_id, key, reviewer=who.reviewer, now=now))


def _shown(ours: Site, who: Visitor, view: BlindView) -> SightAnswer:
    own = own_decision(ours.database, view.key, who.reviewer)
    return SightAnswer.of(view, below_floor=ours.rules.is_below_floor(view), own=own)
