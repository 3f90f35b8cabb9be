"""Cases: what allows a search until when, and what came of it."""

from datetime import datetime
from http import HTTPStatus

from pipeline.act import Caller
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
from review.site import OurSite, Site
from review.visitors import Visitor, Who
from storage.access.audit import Action
from storage.cases.case_ids import case_by_id
from storage.cases.case_terms import Authorisation
from storage.database.database import reading

routes = routes_of("cases")
in_a_case = routes_of("cases", CASE)


@routes.get("/legal-bases")
def legal_bases(ours: OurSite) -> list[BasisAnswer]:
    """The permitted legal bases, as set in NIGHTREEL_LEGAL_BASES."""
    return [BasisAnswer.of(one) for one in ours.policy.bases.values()]


@routes.get("/cases")
def list_cases(ours: OurSite, who: Who, cursor: Cursor = "", limit: Limit = 50) -> CasesAnswer:
    """All cases, newest first."""
    now = ours.now()
    known = steps.list_cases(actor=who.actor, database=ours.database, now=now)
    found = piece(known, lambda one: (-one.id,), cursor, limit)
    return CasesAnswer(cases=[CaseAnswer.of(one, now) for one in found.shown], next=found.next)


@routes.post("/cases", status_code=HTTPStatus.CREATED)
def open_case(ours: OurSite, who: Who, given: CaseGiven) -> CaseAnswer:
    """Open a case. Repeating the request changes nothing; a reference that exists with other
    terms is rejected."""
    now = ours.now()
    opened = steps.open_case(
        given.reference,
        given.terms(),
        authorisation=_authorisation(given.authorisation, now) if given.authorisation else None,
        policy=ours.policy,
        actor=who.actor,
        database=ours.database,
        now=now,
    )
    return CaseAnswer.of(opened, now)


@in_a_case.get("")
def show_case(case_id: Number, ours: OurSite, who: Who) -> OverviewAnswer:
    """One case, in force or ended, with its results in numbers."""
    now = ours.now()
    return OverviewAnswer.over(overview(ours.database, case_id, actor=who.actor, now=now), now)


@in_a_case.patch("")
def change_case(case_id: Number, ours: OurSite, who: Who, given: CaseChangeGiven) -> CaseAnswer:
    """Edit the scope and expiry of a case in force. Candidates in footage outside the new scope are
    removed immediately, and its persons of interest are compared again. A required authorisation
    must be entered again, because it covered the case as it was."""
    now = ours.now()
    case = steps.change_case(
        reference(ours, who, case_id, Action.CASE_CHANGED),
        given.change(),
        policy=ours.policy,
        actor=who.actor,
        database=ours.database,
        now=now,
    )
    return CaseAnswer.of(case, now)


@in_a_case.post("/authorisation")
def authorise(case_id: Number, ours: OurSite, who: Who, given: AuthorisationGiven) -> CaseAnswer:
    """Enter the required authorisation of a case. Repeating the request changes nothing."""
    now = ours.now()
    case = steps.authorise(
        reference(ours, who, case_id, Action.CASE_AUTHORISED),
        _authorisation(given, now),
        actor=who.actor,
        database=ours.database,
        now=now,
    )
    return CaseAnswer.of(case, now)


@in_a_case.post("/authorisation/refusal")
def refuse_authorisation(
    case_id: Number, ours: OurSite, who: Who, given: ReferenceGiven
) -> CaseAnswer:
    """Record that the authorisation was refused: the case ends, and its persons of interest and
    results are purged immediately. Repeat its reference to confirm; this cannot be undone."""
    now = ours.now()
    known = reference(ours, who, case_id, Action.AUTHORISATION_REFUSED)
    check_repeated(known, given.reference)
    case = steps.refuse_authorisation(known, actor=who.actor, database=ours.database, now=now)
    return CaseAnswer.of(case, now)


@in_a_case.post("/close")
def close_case(case_id: Number, ours: OurSite, who: Who) -> CaseAnswer:
    """Close a case: searches and reviews stop. It cannot be reopened."""
    now = ours.now()
    known = reference(ours, who, case_id, Action.CASE_CLOSED)
    case = steps.close_case(known, actor=who.actor, database=ours.database, now=now)
    return CaseAnswer.of(case, now)


def reference(ours: Site, who: Visitor, case_id: int, action: Action) -> str:
    """The reference of a case, for a step that is to be taken. Raises NotAuthorised."""
    act = Caller(ours.database, who.actor, ours.now()).act(action)
    with act.refusals(case_id), reading(ours.database) as session:
        return case_by_id(session, case_id).reference


def _authorisation(given: AuthorisationGiven, now: datetime) -> Authorisation:
    return given_authorisation(given.reference, given.authority, given.at or now, now)
