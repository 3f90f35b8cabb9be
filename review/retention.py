"""What is kept for how long, and erasing it: for supervisors."""

import json
from typing import Annotated, Any

from fastapi import Form, Request, Response

from errors import WrongUsage
from pipeline.certificates import keep
from pipeline.purge import Certificate, Order, bystanders_due, purge_case, purge_due
from review.guard import router
from review.pages import page
from review.site import OurSite, Site
from review.visitors import Visitor, Who, names_of_actors
from storage import audit
from storage.audit import Action
from storage.cases import list_cases
from storage.database import Session, reading

routes = router("/retention")
SHOWN = 50
"""Earlier purges, the newest first."""


@routes.get("")
def retention(request: Request, ours: OurSite) -> Response:
    """What has ended and is still kept, what is due, and what was erased."""
    now = ours.now()
    with reading(ours.database) as session:
        ended = [(one, one.ended_at(now)) for one in list_cases(session)]
        due = bystanders_due(session, ours.retention.bystander_days, now)
        purges = _purges(session)
    return page(
        request,
        "retention.html.j2",
        ended=[(case, at) for case, at in ended if at and not case.purged_at],
        going_on=[case for case, at in ended if at is None],
        kept=ours.retention,
        due=due if ours.retention.bystander_days else 0,
        purges=purges,
        names=names_of_actors(ours.database),
    )


@routes.post("/case")
def erase_case(
    request: Request,
    ours: OurSite,
    who: Who,
    reference: Annotated[str, Form()],
    repeated: Annotated[str, Form()],
) -> Response:
    """Erase a case that has ended; its reference is typed again, as nothing can be had back."""
    if repeated.strip() != reference:
        raise WrongUsage("The reference was typed otherwise; nothing was erased.")
    made = purge_case(reference, ours.tools, _order(ours, who))
    return _certified(request, ours, [made], reference)


@routes.post("/due")
def erase_due(request: Request, ours: OurSite, who: Who) -> Response:
    """Erase whatever has been kept for longer than the settings say."""
    return _certified(request, ours, purge_due(ours.retention, ours.tools, _order(ours, who)))


def _order(ours: Site, who: Visitor) -> Order:
    return Order(who.actor, ours.now(), [ours.home] if ours.home else [])


def _certified(
    request: Request, ours: Site, made: list[Certificate], reference: str = ""
) -> Response:
    if ours.home:
        for one in made:
            keep(one, ours.home / "certificates")
    names = names_of_actors(ours.database)
    return page(
        request, "certificates.html.j2", certificates=made, reference=reference, names=names
    )


def _purges(session: Session) -> list[dict[str, Any]]:
    return [
        {"entry": one.position, "at": one.at, "actor": one.actor, "rows": json.loads(one.objects)}
        for one in audit.newest(session, limit=SHOWN, action=Action.PURGED)
    ]
