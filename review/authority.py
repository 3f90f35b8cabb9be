"""What a supervisor enters for a case: its authorisation or refusal, and its end."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import Form, Request, Response

from errors import WrongUsage
from pipeline.act import Caller
from pipeline.governance import cases
from review.guard import router
from review.pages import page
from review.sessions import go
from review.visitors import Asked
from storage.access.audit import Action
from storage.cases.case_terms import Authorisation

routes = router("/cases/{case_id}")
Text = Annotated[str, Form()]


@routes.post("/authorise")
def authorise(
    asked: Asked, case_id: int, authorisation: Text, authorised_by: Text, day: Text = ""
) -> Response:
    """Enter the authorisation that a case needs; the default date is today."""
    at = _moment(day) if day else asked.now
    cases.authorise(
        asked, case_id, given_authorisation(authorisation, authorised_by, at, asked.now)
    )
    return go(f"/cases/{case_id}")


@routes.post("/refuse")
def refuse(asked: Asked, case_id: int, repeated: Text) -> Response:
    """End a case whose authorisation was refused; its reference is typed, as this purges people."""
    reference = cases.case_with_id(asked, case_id, Action.AUTHORISATION_REFUSED).reference
    check_repeated(reference, repeated)
    cases.refuse_authorisation(asked, case_id)
    return go("/cases")


@routes.post("/close")
def close(asked: Asked, case_id: int) -> Response:
    """Close a case: searches in it end."""
    cases.close_case(asked, case_id)
    return go(f"/cases/{case_id}")


def locked(request: Request, asked: Caller, case_id: int) -> Response:
    """The page of a case that awaits its authorisation: only its legal basis and scope."""
    case = cases.case_with_id(asked, case_id, Action.CASE_VIEWED)
    return page(request, "case_locked.html.j2", status=HTTPStatus.LOCKED, one=case, now=asked.now)


def given_authorisation(
    reference: str, authority: str, at: datetime, now: datetime
) -> Authorisation:
    """An authorisation that was given by now. Raises WrongUsage for a date in the future."""
    if at > now:
        raise WrongUsage("The date of authorisation is in the future; enter the date it was given.")
    return Authorisation(reference.strip(), authority.strip(), at)


def check_repeated(reference: str, repeated: str) -> None:
    """Check the confirmation of an act that cannot be undone. Raises WrongUsage."""
    if repeated.strip() != reference:
        raise WrongUsage("The reference does not match; nothing was purged.")


def _moment(day: str) -> datetime:
    try:
        return datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise WrongUsage("Invalid date; use the form 2026-11-26.") from None
