"""Known strangers among the candidates, to measure the reviewers."""

from http import HTTPStatus

from pipeline.judging import decoys
from review.api.models.candidates import DecoysAnswer, DecoysGiven
from review.api.routing import CASE, routes_of
from review.numbers import Number
from review.site import OurSite
from review.visitors import Who

routes = routes_of("decoys", f"{CASE}/decoys")


@routes.post("", status_code=HTTPStatus.CREATED)
def seed(case_id: Number, ours: OurSite, who: Who, given: DecoysGiven) -> DecoysAnswer:
    """Put those of a recording that come closest among the candidates. They are no result."""
    new = decoys.seed(
        case_id,
        recording_id=given.recording_id,
        number=given.number,
        reason=given.reason,
        by=who.reviewer,
        rules=ours.rules,
        context=ours.context,
        now=ours.now(),
    )
    return DecoysAnswer(decoys=new)


@routes.delete("")
def stop(case_id: Number, ours: OurSite, who: Who) -> DecoysAnswer:
    """Show known strangers no more."""
    gone = decoys.stop(case_id, by=who.reviewer, context=ours.context, now=ours.now())
    return DecoysAnswer(decoys=gone)
