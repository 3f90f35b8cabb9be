"""Changes by repeated comparisons: new, gone and moved candidates, and what to review again."""

from typing import Annotated

from fastapi import Query, Request, Response

from pipeline.governance.accounts import names_of_actors
from pipeline.judging.changes import CAUSES, view_changes
from review.guard import router
from review.pages import page
from review.site import OurSite
from review.visitors import Asked

routes = router("/cases")


@routes.get("/{case_id}/changes")
def changes(
    request: Request,
    ours: OurSite,
    asked: Asked,
    case_id: int,
    since: Annotated[int | None, Query(ge=0, le=2**62)] = None,
) -> Response:
    """The changes in the last run of each person, or in all runs after one."""
    found = view_changes(asked, case_id, engine=ours.plan.engine, since=since, rules=ours.rules)
    return page(
        request,
        "changes.html.j2",
        case=found.case,
        found=found.changes,
        to_review_left=found.to_review,
        since=since,
        causes=CAUSES,
        actors=names_of_actors(asked),
    )
