"""What is kept for how long, and purging it: for supervisors."""

from pathlib import Path
from typing import Annotated

from fastapi import Form, Request, Response

from pipeline.act import Caller
from pipeline.governance.accounts import names_of_actors
from pipeline.governance.cases import find_case
from pipeline.governance.certificates import keep
from pipeline.governance.purge import Certificate, purge_case, purge_due
from pipeline.governance.retention import look_through
from review.authority import check_repeated
from review.guard import router
from review.pages import page
from review.site import OurSite, Site
from review.visitors import Asked
from storage.access.audit import Action

routes = router("/retention")


@routes.get("")
def retention(request: Request, ours: OurSite, asked: Asked) -> Response:
    """What has ended and is still kept, what is due, and what was purged."""
    names = names_of_actors(asked)
    found = look_through(asked, ours.retention)
    return page(request, "retention.html.j2", found=found, kept=ours.retention, names=names)


@routes.post("/case")
def erase_case(
    request: Request,
    ours: OurSite,
    asked: Asked,
    reference: Annotated[str, Form()],
    repeated: Annotated[str, Form()],
) -> Response:
    """Purge a case that has ended; its reference is typed again, as this cannot be undone."""
    check_repeated(reference, repeated)
    case_id = find_case(asked, reference, Action.PURGED)
    return _certified(request, asked, [erase(ours, asked, case_id)], reference)


@routes.post("/due")
def erase_due(request: Request, ours: OurSite, asked: Asked) -> Response:
    """Purge what has been kept for longer than the settings say."""
    return _certified(request, asked, erase_all_due(ours, asked))


def erase(ours: Site, asked: Caller, case_id: int) -> Certificate:
    """Purge a case that has ended. Raises as `purge_case`."""
    return _kept_here(ours, [purge_case(asked, case_id, ours.context, _folders(ours))])[0]


def erase_all_due(ours: Site, asked: Caller) -> list[Certificate]:
    """Purge what is due; returns no certificate if nothing is."""
    return _kept_here(ours, purge_due(asked, ours.retention, ours.context, _folders(ours)))


def _folders(ours: Site) -> list[Path]:
    return [ours.home] if ours.home else []


def _certified(
    request: Request, asked: Caller, made: list[Certificate], reference: str = ""
) -> Response:
    names = names_of_actors(asked)
    return page(
        request, "certificates.html.j2", certificates=made, reference=reference, names=names
    )


def _kept_here(ours: Site, made: list[Certificate]) -> list[Certificate]:
    if ours.home:
        for certificate in made:
            keep(certificate, ours.home / "certificates")
    return made
