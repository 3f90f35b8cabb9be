"""Known non-matches among the candidates, to measure the reviewers."""

from http import HTTPStatus

from pipeline.judging import decoys
from review.api.models.candidates import DecoysAnswer, DecoysGiven
from review.api.routing import CASE, routes_of
from review.numbers import Number
from review.site import OurSite
from review.visitors import Asked, Who

routes = routes_of("decoys", f"{CASE}/decoys")


@routes.post("", status_code=HTTPStatus.CREATED)
def seed(
    case_id: Number, ours: OurSite, asked: Asked, who: Who, given: DecoysGiven
) -> DecoysAnswer:
    """Add the closest appearances of a recording to the candidates, as known non-matches.
    They are not results."""
    new = decoys.seed(
        asked,
        case_id,
        recording_id=given.recording_id,
        number=given.number,
        reason=given.reason,
        account_id=who.account_id,
        rules=ours.rules,
        context=ours.context,
    )
    return DecoysAnswer(decoys=new)


@routes.delete("")
def stop(case_id: Number, asked: Asked) -> DecoysAnswer:
    """Stop showing known non-matches."""
    gone = decoys.stop(asked, case_id)
    return DecoysAnswer(decoys=gone)
