"""Recordings: uploading files, and how far each has been processed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Form, Request, Response

from pipeline.act import Caller
from pipeline.governance.cases import cases_in_force
from pipeline.intake import recordings as steps
from pipeline.intake.dating import date_recording
from pipeline.intake.recordings import Coming, RecordingStatus, Viewer
from report.moments import typed, when
from report.timeline import Bar, Tick, bars, ticks
from review.guard import router
from review.numbers import MOST, First, Number
from review.pages import IN_WORDS, page
from review.sessions import go
from review.site import OurSite, Site
from review.tus import routes_at
from review.visitors import Asked, Visitor, Who
from storage.access.accounts import Role
from storage.jobs.listing import SegmentRow
from storage.jobs.progress import Outcome, Progress
from storage.jobs.refusals import RefusedFile
from storage.jobs.states import OPEN
from storage.tables import State

SEE_ALL = frozenset({Role.ANALYST, Role.REVIEWER, Role.SUPERVISOR})
"""Other roles that upload footage see their own."""
ON_A_PAGE = 20
routes = router("/recordings")
upload_routes = routes_at("/uploads")


@dataclass(frozen=True, slots=True)
class Strip:
    """The timeline of a recording: what was processed, what was seen, and the gaps."""

    watched: list[Bar]
    running: list[Bar]
    seen: list[Bar]
    gaps: list[Bar]
    ticks: list[Tick]


@dataclass(frozen=True, slots=True)
class Shown:
    """One recording under one plan, with its current state."""

    outcome: Outcome
    progress: Progress
    strip: Strip
    expected: str
    """When it is expected to be processed, in words; empty when that is unknown."""

    @property
    def state(self) -> str:
        """The state in words."""
        if self.outcome.cut_by is not None:
            return f"imported faces only, cropped by {self.outcome.cut_by}"
        paused = self.progress.paused_at and self.is_open
        return "paused" if paused else IN_WORDS[self.outcome.state]

    @property
    def is_open(self) -> bool:
        """Whether processing or matching is unfinished."""
        return self.outcome.state in (*OPEN, State.MATCHING)

    @property
    def percent(self) -> int:
        """How much of it was processed or given up, as a percentage."""
        return 100 * self.progress.done_ms // max(self.progress.total_ms, 1)


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of what a visitor may see."""

    recordings: list[Shown]
    uploads: list[Coming]
    first: int
    """How many newer recordings there are."""
    more: bool
    """Whether there are older recordings."""
    refused: list[RefusedFile]
    """Rejected files, the latest first; none of `uploads`."""
    refused_in_all: int


@routes.get("")
def show_recordings(
    request: Request,
    ours: OurSite,
    asked: Asked,
    who: Who,
    first: First = 0,
    case: int | None = None,
) -> Response:
    """The page; footage is uploaded for `case` unless another one is chosen."""
    return page(
        request,
        "recordings.html.j2",
        cases=cases_in_force(asked),
        chosen=case,
        step=ON_A_PAGE,
        listed=list_recordings(ours, asked, who, first),
        most_gb=ours.most_upload_bytes // 10**9,
    )


@routes.get("/list")
def show_list(
    request: Request, ours: OurSite, asked: Asked, who: Who, first: First = 0
) -> Response:
    """The part of the page that is refreshed."""
    listed = list_recordings(ours, asked, who, first)
    return page(request, "recordings_list.html.j2", step=ON_A_PAGE, listed=listed)


@routes.get("/{analysis_id}")
def show_recording(
    request: Request, analysis_id: Number, ours: OurSite, asked: Asked, who: Who
) -> Response:
    """The page of one recording."""
    one = find_recording(ours, asked, who, analysis_id)
    return page(request, "recording.html.j2", one=one)


@routes.post("/{analysis_id}/captured")
def enter_time(
    analysis_id: Number,
    ours: OurSite,
    asked: Asked,
    who: Who,
    captured_at: Annotated[str, Form()],
    case: Annotated[int, Form(ge=0, le=MOST)] = 0,
) -> Response:
    """State when a recording was made; `case` is the page of a case to return to."""
    one = steps.find_recording(asked, _viewer(ours, who), analysis_id)
    date_recording(asked, one.outcome.recording_id, typed(captured_at))
    return go(f"/cases/{case}" if case else f"/recordings/{analysis_id}")


def find_recording(ours: Site, asked: Caller, who: Visitor, analysis_id: int) -> Shown:
    """One recording that a visitor may see. Raises NotFound."""
    return _shown(ours, asked, steps.find_recording(asked, _viewer(ours, who), analysis_id))


def list_recordings(
    ours: Site,
    asked: Caller,
    who: Visitor,
    first: int = 0,
    *,
    older_than: int | None = None,
    number: int = ON_A_PAGE,
) -> Listed:
    """What a visitor may see, as `pipeline.intake.recordings.list_recordings`."""
    found = steps.list_recordings(
        asked, _viewer(ours, who), ours.inbox, number=number, first=first, older_than=older_than
    )
    return Listed(
        [_shown(ours, asked, status) for status in found.recordings],
        found.uploads,
        first,
        found.more,
        found.refused[:ON_A_PAGE],
        len(found.refused),
    )


def _viewer(ours: Site, who: Visitor) -> Viewer:
    sees_all = bool(who.roles & SEE_ALL)
    return Viewer(who.account_id, sees_all, ours.workers(), ours.context.windows)


def _shown(ours: Site, asked: Caller, status: RecordingStatus) -> Shown:
    end, zone = status.expected_at, ours.context.windows.zone
    expected = when(end, asked.now, zone) if end else ""
    return Shown(status.outcome, status.progress, _strip(status), expected)


def _strip(status: RecordingStatus) -> Strip:
    length = status.outcome.duration_ms
    return Strip(
        watched=bars(_of(status.segments, State.DONE), length),
        running=bars(_of(status.segments, State.RUNNING), length),
        seen=bars(status.seen, length),
        gaps=bars(status.outcome.gaps, length),
        ticks=ticks(length),
    )


def _of(segments: Sequence[SegmentRow], state: State) -> list[tuple[int, int]]:
    return [(segment.start_ms, segment.end_ms) for segment in segments if segment.state is state]
