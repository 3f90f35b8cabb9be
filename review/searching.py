"""Search the footage of a case by photo: no one is enrolled, and nothing of it is stored."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import File, Form, Request, Response, UploadFile

from pipeline.act import Caller
from pipeline.governance.cases import cases_in_force
from pipeline.judging.looking import look_at_appearance
from pipeline.people.search import Answer, Question, search
from report.calibration import said
from report.column import headed
from report.columns import HIT
from report.compared import sentence
from review.cases import photo_engine
from review.guard import router
from review.numbers import Number, Spot
from review.pages import page
from review.photos import photo_files
from review.site import OurSite, Site
from review.visitors import Asked
from storage.results.compared import Compared

routes = router("/search")


@routes.get("")
def form(request: Request, asked: Asked, case: int | None = None) -> Response:
    """The form: which case, and which photo."""
    return page(request, "search.html.j2", cases=cases_in_force(asked), chosen=case, answer=None)


@routes.post("")
def look_for(
    request: Request,
    ours: OurSite,
    asked: Asked,
    case: Annotated[int, Form()],
    photos: Annotated[list[UploadFile], File()],
    limit: Annotated[int, Form(ge=1, le=1000)] = 100,
) -> Response:
    """The hits by recording, and what was not searched."""
    answer = search_with(ours, asked, photos, Question(case, limit=limit))
    return page(
        request,
        "search.html.j2",
        cases=cases_in_force(asked),
        chosen=case,
        answer=answer,
        compared=sentence(Compared.of_search(answer.reach)),
        columns=[column for column in headed(HIT, answer.hits) if column.name != "recording"],
        calibration=said(answer.calibration),
    )


@routes.get("/{case_id}/{appearance}/crops/{place}")
def crop(ours: OurSite, asked: Asked, case_id: Number, appearance: Number, place: Spot) -> Response:
    """A picture of an appearance in footage in the case's scope."""
    name = look_at_appearance(asked, case_id, appearance, place)
    return Response(ours.context.media.read(name), media_type="image/jpeg")


def search_with(
    ours: Site, asked: Caller, photos: Sequence[UploadFile], question: Question
) -> Answer:
    """Search with uploaded photos. Raises WrongUsage, and as `pipeline.people.search`."""
    with photo_files(photos) as paths, ours.looking:
        return search(
            asked,
            paths,
            question,
            engine=photo_engine(ours),
            rules=ours.rules,
        )
