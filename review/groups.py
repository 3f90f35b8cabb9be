"""Groups of unknown faces that appear often in a case: view, merge, split and promote them."""

from typing import Annotated

from fastapi import Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import Field

from pipeline.act import Caller
from pipeline.governance.cases import cases_in_force
from pipeline.judging import group as steps
from pipeline.people.enrol import Enrolled
from report.column import headed
from report.columns import SEEN
from review.cases import photo_engine
from review.guard import router
from review.numbers import MOST, Number
from review.pages import page
from review.site import OurSite, Site
from review.visitors import Asked
from storage.results.groups import Group
from storage.results.seen import Seen

routes = router("/groups")
Ids = Annotated[list[Annotated[int, Field(ge=1, le=MOST)]], Form()]


@routes.get("")
def cases(request: Request, asked: Asked) -> Response:
    """The cases in force that allow unknown faces to be grouped."""
    in_force = [case for case in cases_in_force(asked) if case.allows_grouping]
    return page(request, "group_cases.html.j2", cases=in_force)


@routes.get("/{case_id}")
def groups(request: Request, ours: OurSite, asked: Asked, case_id: int) -> Response:
    """The groups of a case, the largest first."""
    known = steps.view_groups(asked, case_id, engine=ours.plan.engine)
    return page(request, "groups.html.j2", known=known, best_of=best_of)


@routes.post("/{case_id}/make")
def make(ours: OurSite, asked: Asked, case_id: int) -> Response:
    """Group the faces in the case's own footage."""
    steps.make_groups(asked, case_id, card=ours.context.engine_for(ours.plan).card)
    return RedirectResponse(f"/groups/{case_id}", 303)


@routes.post("/{case_id}/merge")
def merge(asked: Asked, case_id: int, group: Ids) -> Response:
    """Merge several groups into one."""
    steps.merge_groups(asked, case_id, group)
    return RedirectResponse(f"/groups/{case_id}", 303)


@routes.get("/{case_id}/{group_id}")
def look(request: Request, ours: OurSite, asked: Asked, case_id: int, group_id: int) -> Response:
    """The appearances in one group."""
    shown = steps.view_groups(asked, case_id, engine=ours.plan.engine).group(group_id)
    columns = headed(SEEN, [member.seen for member in shown.members])
    return page(request, "group.html.j2", case_id=case_id, group=shown, columns=columns)


@routes.post("/{case_id}/{group_id}/split")
def split(asked: Asked, case_id: int, group_id: int, appearance: Ids) -> Response:
    """Split appearances off into a group of their own."""
    made = steps.split_group(asked, case_id, group_id, appearance)
    return RedirectResponse(f"/groups/{case_id}/{made}", 303)


@routes.post("/{case_id}/{group_id}/promote")
def promote(
    ours: OurSite,
    asked: Asked,
    case_id: int,
    group_id: int,
    name: Annotated[str, Form(min_length=1)],
) -> Response:
    """Add a group as a person of interest in the case."""
    turn_into_person(ours, asked, case_id, group_id, name)
    return RedirectResponse(f"/groups/{case_id}/{group_id}", 303)


@routes.get("/{case_id}/{group_id}/crops/{appearance}")
def crop(
    ours: OurSite, asked: Asked, case_id: Number, group_id: Number, appearance: Number
) -> Response:
    """The best picture of an appearance in a group."""
    name = steps.view_crop(asked, case_id, group_id, appearance, engine=ours.plan.engine)
    return Response(ours.context.media.read(name), media_type="image/jpeg")


def turn_into_person(ours: Site, asked: Caller, case_id: int, group_id: int, name: str) -> Enrolled:
    """Add a group as a person of interest, and have everything compared with them.

    Raises as `pipeline.judging.group.promote_group`.
    """
    enrolled = steps.promote_group(
        asked, case_id, group_id, name, engine=photo_engine(ours), context=ours.context
    )
    ours.ask_for_people([enrolled.person_id])
    return enrolled


def best_of(group: Group) -> list[Seen]:
    """The clearest appearances, shown to represent the group."""
    seen = [member.seen for member in group.members if member.seen.crops]
    return sorted(seen, key=lambda one: (-one.quality, one.appearance_id))[:6]
