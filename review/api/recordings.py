"""Recordings and uploads."""

from fastapi.responses import JSONResponse

from review import recordings
from review.api.models.recordings import RecordingAnswer, RecordingsAnswer, UploadAnswer
from review.api.paging import Cursor, Limit, older_than, piece
from review.api.routing import ALWAYS, FOUND, PREFIX, routes_of, said
from review.numbers import Number
from review.site import OurSite
from review.tus import routes_at
from review.visitors import Asked, Who

routes = routes_of("recordings")
upload_routes = routes_at(
    f"{PREFIX}/uploads",
    tags=["uploads"],
    responses=ALWAYS | said(404, 409, 412, 413, 415, 423, 507),
)


@routes.get("/recordings")
def list_recordings(
    ours: OurSite, asked: Asked, who: Who, cursor: Cursor = "", limit: Limit = 20
) -> RecordingsAnswer:
    """Recordings and their processing status, newest first."""
    below = older_than(cursor)
    listed = recordings.list_recordings(ours, asked, who, older_than=below, number=limit + 1)
    page = piece(
        listed.recordings, lambda recording: (-recording.outcome.analysis_id,), cursor, limit
    )
    shown = [RecordingAnswer.of(recording) for recording in page.shown]
    return RecordingsAnswer(recordings=shown, next=page.next)


@routes.get("/recordings/{analysis_id}", responses=FOUND)
def one_recording(analysis_id: Number, ours: OurSite, asked: Asked, who: Who) -> RecordingAnswer:
    """One recording and its processing status."""
    return RecordingAnswer.of(recordings.find_recording(ours, asked, who, analysis_id))


@upload_routes.get("", response_class=JSONResponse)
def list_uploads(ours: OurSite, asked: Asked, who: Who) -> list[UploadAnswer]:
    """Your uploads in progress, or rejected within the last day."""
    listed = recordings.list_recordings(ours, asked, who)
    return [UploadAnswer.of(upload) for upload in listed.uploads]
