"""Cases: legal basis and scope, expiry, and results."""

from datetime import datetime
from http import HTTPStatus

from pipeline.governance import cases as steps
from pipeline.judging.overview import overview
from review.api.models.cases import (
    AuthorisationGiven,
    BasisAnswer,
    CaseAnswer,
    CaseChangeGiven,
    CaseGiven,
    CasesAnswer,
    OverviewAnswer,
    ReferenceGiven,
)
from review.api.paging import Cursor, Limit, piece
from review.api.routing import CASE, routes_of
from review.authority import check_repeated, given_authorisation
from review.numbers import Number
from review.site import OurSite
from review.visitors import Asked
from storage.access.audit import Action
from storage.cases.case_terms import Authorisation

routes = routes_of("cases")
in_a_case = routes_of("cases", CASE)


@routes.get("/legal-bases")
def legal_bases(ours: OurSite) -> list[BasisAnswer]:
    """The permitted legal bases, as set in NIGHTREEL_LEGAL_BASES."""
    return [BasisAnswer.of(basis) for basis in ours.policy.bases.values()]


@routes.get("/cases")
def list_cases(asked: Asked, cursor: Cursor = "", limit: Limit = 50) -> CasesAnswer:
    """All cases, newest first."""
    now = asked.now
    cases = steps.list_cases(asked)
    page = piece(cases, lambda case: (-case.id,), cursor, limit)
    return CasesAnswer(cases=[CaseAnswer.of(case, now) for case in page.shown], next=page.next)


@routes.post("/cases", status_code=HTTPStatus.CREATED)
def open_case(ours: OurSite, asked: Asked, given: CaseGiven) -> CaseAnswer:
    """Open a case. Repeating the request changes nothing; a reference that exists with other
    terms is rejected."""
    now = asked.now
    opened = steps.open_case(
        asked,
        given.reference,
        given.terms(),
        authorisation=_authorisation(given.authorisation, now) if given.authorisation else None,
        policy=ours.policy,
    )
    return CaseAnswer.of(opened, now)


@in_a_case.get("")
def show_case(case_id: Number, ours: OurSite, asked: Asked) -> OverviewAnswer:
    """One case, in force or ended, with its results in numbers."""
    return OverviewAnswer.over(overview(asked, case_id, ours.rules), asked.now)


@in_a_case.patch("")
def change_case(case_id: Number, ours: OurSite, asked: Asked, given: CaseChangeGiven) -> CaseAnswer:
    """Edit the scope and expiry of a case in force. Candidates in footage outside the new scope are
    removed immediately, and its persons of interest are compared again. A required authorisation
    must be entered again, because it covered the case as it was."""
    case = steps.change_case(asked, case_id, given.change(), policy=ours.policy)
    return CaseAnswer.of(case, asked.now)


@in_a_case.post("/authorisation")
def authorise(case_id: Number, asked: Asked, given: AuthorisationGiven) -> CaseAnswer:
    """Enter the required authorisation of a case. Repeating the request changes nothing."""
    case = steps.authorise(asked, case_id, _authorisation(given, asked.now))
    return CaseAnswer.of(case, asked.now)


@in_a_case.post("/authorisation/refusal")
def refuse_authorisation(case_id: Number, asked: Asked, given: ReferenceGiven) -> CaseAnswer:
    """Record that the authorisation was refused: the case ends, and its persons of interest and
    results are purged immediately. Repeat its reference to confirm; this cannot be undone."""
    reference = steps.case_with_id(asked, case_id, Action.AUTHORISATION_REFUSED).reference
    check_repeated(reference, given.reference)
    return CaseAnswer.of(steps.refuse_authorisation(asked, case_id), asked.now)


@in_a_case.post("/close")
def close_case(case_id: Number, asked: Asked) -> CaseAnswer:
    """Close a case: searches and reviews stop. It cannot be reopened."""
    return CaseAnswer.of(steps.close_case(asked, case_id), asked.now)


def _authorisation(given: AuthorisationGiven, now: datetime) -> Authorisation:
    return given_authorisation(given.reference, given.authority, given.at or now, now)
