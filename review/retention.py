"""What is kept for how long, and erasing it: for supervisors."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Form, Request, Response

from pipeline.governance.accounts import names_of_actors
from pipeline.governance.certificates import keep
from pipeline.governance.purge import Certificate, Order, bystanders_due, purge_case, purge_due
from review.authority import check_repeated
from review.guard import router
from review.pages import page
from review.site import OurSite, Site
from review.visitors import Visitor, Who
from storage.access import audit
from storage.access.audit import Action
from storage.cases.cases import Case, list_cases
from storage.database.database import Session, reading

routes = router("/retention")
SHOWN = 50
"""Earlier purges, the newest first."""


@dataclass(frozen=True, slots=True)
class Purge:
    """Something that was erased."""

    entry: int
    """Of the audit log."""
    at: str
    actor: str
    rows: dict[str, int]
    """How many of each kind."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What has ended and is still kept, what is due, and what was erased."""

    ended: list[tuple[Case, datetime]]
    """And when."""
    going_on: int
    """How many cases go on."""
    due: int
    """How many appearances of bystanders have been kept for too long."""
    purges: list[Purge]
    """The newest first."""


@routes.get("")
def retention(request: Request, ours: OurSite) -> Response:
    """What has ended and is still kept, what is due, and what was erased."""
    names = names_of_actors(ours.database)
    found = look_through(ours)
    return page(request, "retention.html.j2", found=found, kept=ours.retention, names=names)


@routes.post("/case")
def erase_case(
    request: Request,
    ours: OurSite,
    who: Who,
    reference: Annotated[str, Form()],
    repeated: Annotated[str, Form()],
) -> Response:
    """Erase a case that has ended; its reference is typed again, as nothing can be had back."""
    return _certified(request, ours, [erase(ours, who, reference, repeated)], reference)


@routes.post("/due")
def erase_due(request: Request, ours: OurSite, who: Who) -> Response:
    """Erase whatever has been kept for longer than the settings say."""
    return _certified(request, ours, erase_all_due(ours, who))


def look_through(ours: Site) -> Kept:
    """What is kept, what is due and what was erased."""
    now, days = ours.now(), ours.retention.bystander_days
    with reading(ours.database) as session:
        ended = [(one, one.ended_at(now)) for one in list_cases(session)]
        return Kept(
            ended=[(case, at) for case, at in ended if at and not case.purged_at],
            going_on=sum(at is None for _, at in ended),
            due=bystanders_due(session, days, now) if days else 0,
            purges=_purges(session),
        )


def erase(ours: Site, who: Visitor, reference: str, repeated: str) -> Certificate:
    """Erase a case whose reference was given twice. Raises as `purge_case`, and WrongUsage."""
    check_repeated(reference, repeated)
    return _kept_here(ours, [purge_case(reference, ours.context, _order(ours, who))])[0]


def erase_all_due(ours: Site, who: Visitor) -> list[Certificate]:
    """Erase whatever is due; nothing due is no certificate."""
    return _kept_here(ours, purge_due(ours.retention, ours.context, _order(ours, who)))


def _order(ours: Site, who: Visitor) -> Order:
    return Order(who.actor, ours.now(), [ours.home] if ours.home else [])


def _certified(
    request: Request, ours: Site, made: list[Certificate], reference: str = ""
) -> Response:
    names = names_of_actors(ours.database)
    return page(
        request, "certificates.html.j2", certificates=made, reference=reference, names=names
    )


def _kept_here(ours: Site, made: list[Certificate]) -> list[Certificate]:
    if ours.home:
        for one in made:
            keep(one, ours.home / "certificates")
    return made


def _purges(session: Session) -> list[Purge]:
    return [
        Purge(one.position, one.at, one.actor, json.loads(one.objects))
        for one in audit.newest(session, limit=SHOWN, action=Action.PURGED)
    ]
