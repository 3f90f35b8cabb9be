"""What comparing people again changed: new, gone and moved candidates, and what to review again."""

from typing import Annotated

from fastapi import Query, Request, Response

from pipeline.governance.accounts import names_of_actors
from pipeline.judging.changes import CAUSES, view_changes
from review.guard import router
from review.pages import page
from review.site import OurSite
from review.visitors import Who
from storage.cases.case_ids import case_to_read_by_id
from storage.database.database import reading

routes = router("/cases")


@routes.get("/{case_id}/changes")
def changes(
    request: Request,
    ours: OurSite,
    who: Who,
    case_id: int,
    since: Annotated[int | None, Query(ge=0, le=2**62)] = None,
) -> Response:
    """In the last run of each person, or in all runs after one."""
    found = view_changes(
        case_id,
        engine=ours.plan.engine,
        since=since,
        database=ours.database,
        actor=who.actor,
        now=ours.now(),
    )
    with reading(ours.database) as session:
        case = case_to_read_by_id(session, case_id, ours.now())
    return page(
        request,
        "changes.html.j2",
        case=case,
        found=found,
        since=since,
        causes=CAUSES,
        actors=names_of_actors(ours.database),
    )
