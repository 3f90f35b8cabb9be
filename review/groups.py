"""Who else appears often in a case: groups that people look through, merge, split and promote."""

from typing import Annotated

from fastapi import Form, Request, Response
from fastapi.responses import RedirectResponse

from errors import Purged
from pipeline import group as step
from pipeline.group import Groups
from review.guard import router
from review.pages import page
from review.site import OurSite, Site
from review.visitors import Visitor, Who
from storage.audit import Action
from storage.case_ids import case_in_force_by_id
from storage.cases import list_cases
from storage.database import reading, writing
from storage.groups import Group, Member

routes = router("/groups")
Ids = Annotated[list[int], Form()]


@routes.get("")
def cases(request: Request, ours: OurSite) -> Response:
    """The cases in force that allow unknown faces to be grouped."""
    with reading(ours.database) as session:
        found = [
            one
            for one in list_cases(session)
            if one.allows_grouping and one.is_in_force(ours.now())
        ]
    return page(request, "group_cases.html.j2", cases=found)


@routes.get("/{case_id}")
def groups(request: Request, ours: OurSite, who: Who, case_id: int) -> Response:
    """The groups of a case, the largest first."""
    reference = _reference(ours, case_id)
    known = _viewed(ours, who, reference)
    return page(
        request,
        "groups.html.j2",
        case_id=case_id,
        reference=reference,
        known=known,
        best_of=best_of,
    )


@routes.post("/{case_id}/make")
def make(ours: OurSite, who: Who, case_id: int) -> Response:
    """Group everybody seen in the case's own footage."""
    card = ours.tools.engine_for(ours.plan).card
    step.make_groups(
        _reference(ours, case_id),
        card=card,
        database=ours.database,
        actor=who.actor,
        now=ours.now(),
    )
    return RedirectResponse(f"/groups/{case_id}", 303)


@routes.post("/{case_id}/merge")
def merge(ours: OurSite, who: Who, case_id: int, group: Ids) -> Response:
    """Make one group of several."""
    step.merge_groups(
        _reference(ours, case_id), group, database=ours.database, actor=who.actor, now=ours.now()
    )
    return RedirectResponse(f"/groups/{case_id}", 303)


@routes.get("/{case_id}/{group_id}")
def look(request: Request, ours: OurSite, who: Who, case_id: int, group_id: int) -> Response:
    """The appearances in one group."""
    shown = _group(_viewed(ours, who, _reference(ours, case_id)), group_id)
    return page(request, "group.html.j2", case_id=case_id, group=shown)


@routes.post("/{case_id}/{group_id}/split")
def split(ours: OurSite, who: Who, case_id: int, group_id: int, appearance: Ids) -> Response:
    """Make a group of its own of some appearances."""
    made = step.split_group(
        _reference(ours, case_id),
        group_id,
        appearance,
        database=ours.database,
        actor=who.actor,
        now=ours.now(),
    )
    return RedirectResponse(f"/groups/{case_id}/{made}", 303)


@routes.post("/{case_id}/{group_id}/promote")
def promote(
    ours: OurSite, who: Who, case_id: int, group_id: int, name: Annotated[str, Form(min_length=1)]
) -> Response:
    """Turn a group into a person of the case."""
    engine = ours.tools.engine_for(ours.plan)
    step.promote_group(
        _reference(ours, case_id), group_id, name, engine=engine, tools=ours.tools, actor=who.actor
    )
    return RedirectResponse(f"/groups/{case_id}/{group_id}", 303)


@routes.get("/{case_id}/{group_id}/crops/{appearance}")
def crop(ours: OurSite, who: Who, case_id: int, group_id: int, appearance: int) -> Response:
    """The best picture of an appearance in a group."""
    known = step.groups_of(
        _reference(ours, case_id), engine=ours.plan.engine, database=ours.database, now=ours.now()
    )
    there = _group(known, group_id).members
    found = [one for one in there if one.appearance_id == appearance and one.crops]
    if not found:
        raise Purged("There is no such picture in this group.")
    with writing(ours.database) as session:
        ours.record(session, who.actor, Action.CROP_VIEWED, case_id, appearance_id=appearance)
    return Response(ours.tools.media.read(found[0].crops[0]), media_type="image/jpeg")


def best_of(group: Group) -> list[Member]:
    """The clearest appearances, to be shown for all."""
    clearest = sorted(group.members, key=lambda one: (-one.quality, one.appearance_id))
    return [one for one in clearest if one.crops][:6]


def _reference(ours: Site, case_id: int) -> str:
    with reading(ours.database) as session:
        return case_in_force_by_id(session, case_id, ours.now()).reference


def _viewed(ours: Site, who: Visitor, reference: str) -> Groups:
    return step.view_groups(
        reference,
        engine=ours.plan.engine,
        database=ours.database,
        actor=who.actor,
        now=ours.now(),
    )


def _group(known: Groups, group_id: int) -> Group:
    for one in known.groups:
        if one.id == group_id:
            return one
    raise Purged("There is no such group; it was merged into another, or purged.")
