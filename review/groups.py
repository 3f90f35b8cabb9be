"""Who else appears often in a case: groups that people look through, merge, split and promote."""

from typing import Annotated

from fastapi import Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import Field

from errors import Purged
from pipeline.act import Caller
from pipeline.judging import group as step
from pipeline.judging.group import Groups
from pipeline.people.enrol import Enrolled
from report.column import headed
from report.columns import SEEN
from review.cases import photo_engine
from review.guard import router
from review.numbers import MOST, Number
from review.pages import page
from review.site import OurSite, Site
from review.visitors import Visitor, Who
from storage.access.audit import Action
from storage.cases.case_ids import case_in_force_by_id
from storage.cases.cases import list_cases
from storage.database.database import reading, writing
from storage.results.groups import Group
from storage.results.seen import Seen

routes = router("/groups")
Ids = Annotated[list[Annotated[int, Field(ge=1, le=MOST)]], Form()]


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
    reference = reference_in_force(ours, who, case_id)
    known = viewed(ours, who, reference)
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
    group_all(ours, who, case_id)
    return RedirectResponse(f"/groups/{case_id}", 303)


@routes.post("/{case_id}/merge")
def merge(ours: OurSite, who: Who, case_id: int, group: Ids) -> Response:
    """Make one group of several."""
    step.merge_groups(
        reference_in_force(ours, who, case_id),
        group,
        database=ours.database,
        actor=who.actor,
        now=ours.now(),
    )
    return RedirectResponse(f"/groups/{case_id}", 303)


@routes.get("/{case_id}/{group_id}")
def look(request: Request, ours: OurSite, who: Who, case_id: int, group_id: int) -> Response:
    """The appearances in one group."""
    shown = group_in(viewed(ours, who, reference_in_force(ours, who, case_id)), group_id)
    columns = headed(SEEN, [member.seen for member in shown.members])
    return page(request, "group.html.j2", case_id=case_id, group=shown, columns=columns)


@routes.post("/{case_id}/{group_id}/split")
def split(ours: OurSite, who: Who, case_id: int, group_id: int, appearance: Ids) -> Response:
    """Make a group of its own of some appearances."""
    made = step.split_group(
        reference_in_force(ours, who, case_id),
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
    turn_into_person(ours, who, case_id, group_id, name)
    return RedirectResponse(f"/groups/{case_id}/{group_id}", 303)


@routes.get("/{case_id}/{group_id}/crops/{appearance}")
def crop(
    ours: OurSite, who: Who, case_id: Number, group_id: Number, appearance: Number
) -> Response:
    """The best picture of an appearance in a group."""
    known = step.groups_of(
        reference_in_force(ours, who, case_id),
        engine=ours.plan.engine,
        database=ours.database,
        now=ours.now(),
    )
    there = group_in(known, group_id).members
    found = [one for one in there if one.seen.appearance_id == appearance and one.seen.crops]
    if not found:
        raise Purged("No such picture in this group.")
    with writing(ours.database) as session:
        ours.record(session, who.actor, Action.CROP_VIEWED, case_id, appearance_id=appearance)
    return Response(ours.context.media.read(found[0].seen.crops[0]), media_type="image/jpeg")


def group_all(ours: Site, who: Visitor, case_id: int) -> Groups:
    """Group everybody seen in a case's own footage.

    Raises as `pipeline.judging.group.make_groups`.
    """
    return step.make_groups(
        reference_in_force(ours, who, case_id),
        card=ours.context.engine_for(ours.plan).card,
        database=ours.database,
        actor=who.actor,
        now=ours.now(),
    )


def turn_into_person(ours: Site, who: Visitor, case_id: int, group_id: int, name: str) -> Enrolled:
    """Turn a group into a person, and have everything compared with them.

    Raises as `pipeline.judging.group.promote_group`.
    """
    enrolled = step.promote_group(
        reference_in_force(ours, who, case_id),
        group_id,
        name,
        engine=photo_engine(ours),
        context=ours.context,
        actor=who.actor,
    )
    ours.ask_for_people([enrolled.person_id])
    return enrolled


def best_of(group: Group) -> list[Seen]:
    """The clearest appearances, to be shown for all."""
    seen = [member.seen for member in group.members if member.seen.crops]
    return sorted(seen, key=lambda one: (-one.quality, one.appearance_id))[:6]


def reference_in_force(ours: Site, who: Visitor, case_id: int) -> str:
    """The reference of a case in force; that it is not is recorded. Raises NotAuthorised."""
    act = Caller(ours.database, who.actor, ours.now()).act(Action.GROUPED)
    with act.refusals(case_id), reading(ours.database) as session:
        return case_in_force_by_id(session, case_id, ours.now()).reference


def viewed(ours: Site, who: Visitor, reference: str) -> Groups:
    """The groups of a case, for somebody who looks at them. Raises NotAuthorised."""
    return step.view_groups(
        reference,
        engine=ours.plan.engine,
        database=ours.database,
        actor=who.actor,
        now=ours.now(),
    )


def group_in(known: Groups, group_id: int) -> Group:
    """One of them. Raises Purged."""
    for one in known.groups:
        if one.id == group_id:
            return one
    raise Purged("No such group; it may have been merged or purged.")
