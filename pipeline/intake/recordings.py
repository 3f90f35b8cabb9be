"""Recordings and uploads with their processing status, as an account may see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from errors import NotFound
from pipeline.act import Caller
from pipeline.intake.receive import Inbox
from pipeline.planning.outlook import look_ahead
from pipeline.planning.windows import Windows
from storage.database.database import Session, reading
from storage.jobs import uploads
from storage.jobs.listing import SegmentRow, newest_analyses, segment_rows, spans
from storage.jobs.progress import Outcome, Progress, outcomes, progress
from storage.jobs.refusals import RefusedFile, refused_files
from storage.jobs.uploads import Stage, Upload

ENDED_LATELY = timedelta(days=1)
"""Rejected uploads are listed for so long."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at recordings, and what is known of the machine that processes them."""

    account_id: int
    sees_all: bool
    """Otherwise only what the account uploaded."""
    workers: int
    """Those meant to run on this machine."""
    windows: Windows


@dataclass(frozen=True, slots=True)
class RecordingStatus:
    """One recording under one plan, as it stands."""

    outcome: Outcome
    progress: Progress
    segments: list[SegmentRow]
    seen: list[tuple[int, int]]
    """When somebody was seen, in milliseconds."""
    expected_at: datetime | None
    """When it is expected to be processed; None when that is unknown."""


@dataclass(frozen=True, slots=True)
class Coming:
    """An upload, and how many of its bytes are there."""

    upload: Upload
    offset: int

    @property
    def percent(self) -> int:
        """How much of it is there."""
        return 100 * self.offset // self.upload.size_bytes


@dataclass(frozen=True, slots=True)
class Recordings:
    """Some recordings, the newest first, and uploads of the viewer."""

    recordings: list[RecordingStatus]
    more: bool
    """Whether there are older ones."""
    uploads: list[Coming]
    refused: list[RefusedFile]
    """Rejected files, the latest first; none of `uploads`."""


def find_recording(caller: Caller, viewer: Viewer, analysis_id: int) -> RecordingStatus:
    """One recording that the viewer may see. Raises NotFound."""
    with reading(caller.database) as session:
        own = uploads.analyses_of(session, viewer.account_id)
        found = _statuses(session, caller, viewer, [analysis_id])
    if not found or not (viewer.sees_all or analysis_id in own):
        raise NotFound("No such recording; see the list of recordings.")
    return found[0]


def list_recordings(
    caller: Caller,
    viewer: Viewer,
    inbox: Inbox,
    *,
    number: int,
    first: int = 0,
    older_than: int | None = None,
) -> Recordings:
    """The viewer's uploads, and a `number` of recordings from the `first` on.

    With `older_than`, of those below this analysis.
    """
    account = viewer.account_id
    with reading(caller.database) as session:
        own = uploads.of_account(session, account, ended_after=caller.now - ENDED_LATELY)
        only = None if viewer.sees_all else uploads.analyses_of(session, account)
        analyses = newest_analyses(
            session, first=first, number=number + 1, only=only, older_than=older_than
        )
        shown = _statuses(session, caller, viewer, analyses[:number])
        refused = refused_files(session, account_id=None if viewer.sees_all else account)
    coming = [_coming(inbox, upload) for upload in own if upload.stage is not Stage.TAKEN]
    listed = {one.upload.id for one in coming}
    others = [file for file in reversed(refused) if file.upload_id not in listed]
    return Recordings(shown, len(analyses) > number, coming, others)


def _statuses(
    session: Session, caller: Caller, viewer: Viewer, analysis_ids: Sequence[int]
) -> list[RecordingStatus]:
    """These analyses, in this order."""
    outlook = look_ahead(session, workers=viewer.workers, windows=viewer.windows, now=caller.now)
    ends = outlook.forecast.ends
    came = {one.analysis_id: one for one in outcomes(session, analysis_ids)}
    far = {one.analysis_id: one for one in progress(session, analysis_ids)}
    return [
        RecordingStatus(
            came[id], far[id], segment_rows(session, id), spans(session, id), ends.get(id)
        )
        for id in analysis_ids
        if id in came
    ]


def _coming(inbox: Inbox, upload: Upload) -> Coming:
    incomplete = upload.stage is Stage.COMING
    return Coming(upload, inbox.offset(upload.id) if incomplete else upload.size_bytes)
