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
"""How long rejected uploads are listed."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """The viewing account, and the capacity of the machine that processes the recordings."""

    account_id: int
    sees_all: bool
    """Whether the account sees all recordings; otherwise only its own uploads."""
    workers: int
    """The number of workers configured for this machine."""
    windows: Windows


@dataclass(frozen=True, slots=True)
class RecordingStatus:
    """The current status of one recording under one plan."""

    outcome: Outcome
    progress: Progress
    segments: list[SegmentRow]
    seen: list[tuple[int, int]]
    """The appearances, each from and to, in milliseconds."""
    expected_at: datetime | None
    """When it is expected to be processed; None if unknown."""


@dataclass(frozen=True, slots=True)
class Coming:
    """An upload, and how many of its bytes were received."""

    upload: Upload
    offset: int

    @property
    def percent(self) -> int:
        """The received share of the upload, 0 to 100, rounded down."""
        return 100 * self.offset // self.upload.size_bytes


@dataclass(frozen=True, slots=True)
class Recordings:
    """Some recordings, the newest first, and the viewer's uploads."""

    recordings: list[RecordingStatus]
    more: bool
    """Whether there are older ones."""
    uploads: list[Coming]
    refused: list[RefusedFile]
    """Rejected files, the latest first, without those in `uploads`."""


def find_recording(caller: Caller, viewer: Viewer, analysis_id: int) -> RecordingStatus:
    """The status of an analysis, if the viewer may see it. Raises NotFound."""
    with reading(caller.database) as session:
        own = uploads.analyses_of(session, viewer.account_id)
        statuses = _statuses(session, caller, viewer, [analysis_id])
    if not statuses or not (viewer.sees_all or analysis_id in own):
        raise NotFound("No such recording; see the list of recordings.")
    return statuses[0]


def list_recordings(
    caller: Caller,
    viewer: Viewer,
    inbox: Inbox,
    *,
    number: int,
    first: int = 0,
    older_than: int | None = None,
) -> Recordings:
    """The viewer's uploads, and up to `number` recordings, skipping the first `first`.

    `older_than` limits them to analyses with a lower id than this.
    """
    account = viewer.account_id
    with reading(caller.database) as session:
        own = uploads.of_account(session, account, ended_after=caller.now - ENDED_LATELY)
        only = None if viewer.sees_all else uploads.analyses_of(session, account)
        analyses = newest_analyses(
            session, first=first, number=number + 1, only=only, older_than=older_than
        )
        statuses = _statuses(session, caller, viewer, analyses[:number])
        refused = refused_files(session, account_id=None if viewer.sees_all else account)
    incoming = [_coming(inbox, upload) for upload in own if upload.stage is not Stage.TAKEN]
    listed = {item.upload.id for item in incoming}
    others = [file for file in reversed(refused) if file.upload_id not in listed]
    return Recordings(statuses, len(analyses) > number, incoming, others)


def _statuses(
    session: Session, caller: Caller, viewer: Viewer, analysis_ids: Sequence[int]
) -> list[RecordingStatus]:
    """The statuses of these analyses, in this order."""
    outlook = look_ahead(session, workers=viewer.workers, windows=viewer.windows, now=caller.now)
    ends = outlook.forecast.ends
    outcome_by_id = {row.analysis_id: row for row in outcomes(session, analysis_ids)}
    progress_by_id = {row.analysis_id: row for row in progress(session, analysis_ids)}
    return [
        RecordingStatus(
            outcome_by_id[id],
            progress_by_id[id],
            segment_rows(session, id),
            spans(session, id),
            ends.get(id),
        )
        for id in analysis_ids
        if id in outcome_by_id
    ]


def _coming(inbox: Inbox, upload: Upload) -> Coming:
    incomplete = upload.stage is Stage.COMING
    return Coming(upload, inbox.offset(upload.id) if incomplete else upload.size_bytes)
