"""Search the footage of a case by photo: no one is enrolled, and nothing of it is stored."""

from typing import Annotated

from fastapi import Form, Response

from pipeline.people.search import Question
from review import searching
from review.api.models.given import Moment, Remark
from review.api.models.search import SearchAnswer
from review.api.people import Photos
from review.api.routing import CASE, routes_of
from review.files import PICTURE
from review.numbers import Number, Spot
from review.site import OurSite
from review.visitors import Asked
from storage.cases.scope import Scope

routes = routes_of("search", CASE)


@routes.post("/search")
def search(
    case_id: Number,
    ours: OurSite,
    asked: Asked,
    photos: Photos,
    added_from: Annotated[
        Moment | None, Form(description="Only recordings added from this time on.")
    ] = None,
    added_until: Annotated[
        Moment | None, Form(description="Only recordings added before this time.")
    ] = None,
    source: Annotated[Remark, Form(description="Part of the recording's name or path.")] = "",
    limit: Annotated[int, Form(ge=1, le=1000, description="Maximum number of appearances.")] = 100,
) -> SearchAnswer:
    """Search the footage in scope with one person's photos; if the case has its own footage, only
    that. The response lists what was searched and what was not, by reason."""
    scope = Scope(source=source, added_from=added_from, added_until=added_until)
    question = Question(case_id, scope=scope, limit=limit)
    return SearchAnswer.of(searching.search_with(ours, asked, photos, question))


@routes.get("/appearances/{appearance}/crops/{place}", response_class=Response, responses=PICTURE)
def picture(
    case_id: Number, appearance: Number, place: Spot, ours: OurSite, asked: Asked
) -> Response:
    """A picture of an appearance in footage in scope."""
    return searching.crop(ours, asked, case_id, appearance, place)
