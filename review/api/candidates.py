"""Candidates of a case, and their changes by rematches."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Query

from pipeline.judging.changes import view_changes
from pipeline.judging.listed import Listed
from pipeline.judging.overview import candidates_from, detail
from pipeline.judging.review import override_quality
from report.calibration import said_of
from review import pictures
from review.api.models.candidates import (
    CandidateAnswer,
    CandidatesAnswer,
    ChangesAnswer,
    DetailAnswer,
    ReasonGiven,
)
from review.api.models.compared import ComparedAnswer
from review.api.paging import Cursor, Limit, Place, piece, place_of
from review.api.routing import CASE, IN_A_CASE, SETTLED, routes_of
from review.numbers import MOST, Number
from review.site import OurSite
from review.visitors import Asked, Who
from storage.results.changes import Change
from storage.results.verdicts import Key

routes = routes_of("candidates", CASE)
ONE = "/candidates/{person}/{appearance}"
picture_routes = pictures.routes_at(f"{CASE}{ONE}", tags=["pictures"], responses=IN_A_CASE)


@routes.get("/candidates")
def list_candidates(
    case_id: Number, ours: OurSite, asked: Asked, cursor: Cursor = "", limit: Limit = 50
) -> CandidatesAnswer:
    """Candidates by person and rank, each with its review status; without those that you have yet
    to review."""
    person, rank, number = (*place_of(cursor), 0, 0, 0)[:3]
    behind = person, rank, number
    ranked = candidates_from(asked, case_id, behind=behind, most=limit + 1, rules=ours.rules)
    page = piece(ranked.rows, _stands, cursor, limit)
    return CandidatesAnswer(
        candidates=[CandidateAnswer.of(listed, case_id) for listed in page.shown],
        left_out=ranked.left_out,
        compared=[ComparedAnswer.over(answer) for answer in ranked.compared],
        to_review=ranked.to_review,
        calibration=list(said_of(ranked.calibrations, [listed.row for listed in page.shown])),
        next=page.next,
    )


@routes.get(ONE, responses=SETTLED)
def show_candidate(
    case_id: Number, person: Number, appearance: Number, ours: OurSite, asked: Asked
) -> DetailAnswer:
    """One candidate, with both verdicts once two are given. Refused (409) to a reviewer who has
    yet to review it."""
    return DetailAnswer.over(detail(asked, case_id, Key(person, appearance), ours.rules))


@routes.post(f"{ONE}/override", status_code=HTTPStatus.NO_CONTENT)
def override(
    case_id: Number,
    person: Number,
    appearance: Number,
    asked: Asked,
    who: Who,
    given: ReasonGiven,
) -> None:
    """Accept verdicts despite low image quality, with a reason; this is final."""
    key = Key(person, appearance)
    override_quality(asked, case_id, key, account_id=who.account_id, reason=given.reason)


@routes.get("/changes")
def changes(
    case_id: Number,
    ours: OurSite,
    asked: Asked,
    since: Annotated[
        int | None,
        Query(
            ge=0,
            le=MOST,
            description="Changes after this comparison run, instead of those of the latest.",
        ),
    ] = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> ChangesAnswer:
    """Changes caused by an added or withdrawn photo, or another engine or threshold."""
    viewed = view_changes(asked, case_id, engine=ours.plan.engine, since=since, rules=ours.rules)
    page = piece(viewed.changes.changes, _place, cursor, limit)
    return ChangesAnswer.of(viewed, page.shown, page.next)


def _stands(listed: Listed) -> Place:
    row = listed.row
    return row.person_id, row.rank, row.id


def _place(change: Change) -> Place:
    stands = change.after or change.before
    rank = stands.rank if stands else 0
    return change.person_id, int(change.after is None), rank, change.seen.appearance_id
