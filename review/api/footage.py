"""Footage of a case: recordings of the archive that were added for it."""

from http import HTTPStatus

from pipeline.intake import case_footage
from pipeline.judging.overview import overview
from review.api.models.footage import ChangedFootage, FootageAnswer, FootageGiven, FootageList
from review.api.paging import Cursor, Limit, piece
from review.api.routing import CASE, FOUND, routes_of
from review.numbers import Number
from review.site import OurSite
from review.visitors import Asked

routes = routes_of("footage", f"{CASE}/footage")


@routes.get("")
def list_footage(
    case_id: Number, asked: Asked, cursor: Cursor = "", limit: Limit = 50
) -> FootageList:
    """The footage of a case and its coverage."""
    footage = overview(asked, case_id).footage
    page = piece(footage, lambda recording: (recording.analysis_id,), cursor, limit)
    return FootageList(
        footage=[FootageAnswer.of(recording) for recording in page.shown], next=page.next
    )


@routes.post("", status_code=HTTPStatus.NO_CONTENT, responses=FOUND)
def add_footage(case_id: Number, ours: OurSite, asked: Asked, given: FootageGiven) -> None:
    """Add a recording of the archive; the persons of interest are compared with its faces.
    New files come as uploads, which name the case. The same again changes nothing. Footage that is
    one case's alone is purged with it."""
    people = case_footage.add(asked, case_id, given.recording_id)
    ours.ask_for_people(people)


@routes.delete("/{recording}", responses=FOUND)
def remove_footage(case_id: Number, recording: Number, asked: Asked) -> ChangedFootage:
    """Remove a recording from a case, and the candidates no longer in its scope. The recording
    itself stays in the archive."""
    gone = case_footage.remove(asked, case_id, recording)
    return ChangedFootage(candidates_gone=gone)
