"""What a supervisor enters of a case: that it was authorised or refused, and that it has ended."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import Form, Request, Response

from errors import WrongUsage
from pipeline.governance import cases
from review.guard import router
from review.pages import page
from review.sessions import go
from review.site import OurSite, Site
from review.visitors import Who
from storage.cases.case_ids import case_by_id
from storage.cases.case_terms import Authorisation
from storage.cases.cases import Case
from storage.database.database import reading

routes = router("/cases/{case_id}")
Text = Annotated[str, Form()]


@routes.post("/authorise")
def authorise(
    ours: OurSite, who: Who, case_id: int, authorisation: Text, authorised_by: Text, day: Text = ""
) -> Response:
    """Enter the authorisation that a case needs; it was given today if nobody says otherwise."""
    now = ours.now()
    at = _moment(day) if day else now
    cases.authorise(
        find(ours, case_id).reference,
        given_authorisation(authorisation, authorised_by, at, now),
        actor=who.actor,
        database=ours.database,
        now=now,
    )
    return go(f"/cases/{case_id}")


@routes.post("/refuse")
def refuse(ours: OurSite, who: Who, case_id: int, repeated: Text) -> Response:
    """End a case whose authorisation was refused; its reference is typed, as this erases people."""
    reference = find(ours, case_id).reference
    check_repeated(reference, repeated)
    cases.refuse_authorisation(reference, actor=who.actor, database=ours.database, now=ours.now())
    return go("/cases")


@routes.post("/close")
def close(ours: OurSite, who: Who, case_id: int) -> Response:
    """End a case: nobody is searched for in it any more."""
    reference = find(ours, case_id).reference
    cases.close_case(reference, actor=who.actor, database=ours.database, now=ours.now())
    return go(f"/cases/{case_id}")


def locked(request: Request, ours: Site, case_id: int) -> Response:
    """What is shown of a case that waits for its authorisation: what it rests on, nothing else."""
    case = find(ours, case_id)
    return page(request, "case_locked.html.j2", status=HTTPStatus.LOCKED, one=case, now=ours.now())


def find(ours: Site, case_id: int) -> Case:
    """A case as it stands, for what does not look at its results. Raises NotAuthorised."""
    with reading(ours.database) as session:
        return case_by_id(session, case_id)


def given_authorisation(
    reference: str, authority: str, at: datetime, now: datetime
) -> Authorisation:
    """An authorisation that was given by now. Raises WrongUsage for one of a day to come."""
    if at > now:
        raise WrongUsage("The date of authorisation is in the future; enter the date it was given.")
    return Authorisation(reference.strip(), authority.strip(), at)


def check_repeated(reference: str, repeated: str) -> None:
    """That somebody means what cannot be had back. Raises WrongUsage."""
    if repeated.strip() != reference:
        raise WrongUsage("The reference does not match; nothing was purged.")


def _moment(day: str) -> datetime:
    try:
        return datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise WrongUsage("Invalid date; use the form 2026-11-26.") from None
