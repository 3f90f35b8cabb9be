"""Recordings: handing files in, and how far each has been watched."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import Request, Response

from errors import NotFound
from pipeline.planning.outlook import Outlook, look_ahead
from report.moments import when
from report.timeline import Bar, Tick, bars, ticks
from review.guard import router
from review.numbers import First, Number
from review.pages import IN_WORDS, page
from review.site import OurSite, Site
from review.tus import routes_at
from review.visitors import Visitor, Who
from storage.access.accounts import Role
from storage.cases.cases import list_cases
from storage.database.database import Session, reading
from storage.jobs import uploads
from storage.jobs.listing import SegmentRow, newest_analyses, segment_rows, spans
from storage.jobs.progress import Outcome, Progress, outcomes, progress
from storage.jobs.refusals import RefusedFile, refused_files
from storage.jobs.states import OPEN
from storage.jobs.uploads import Stage, Upload
from storage.tables import State

SEE_ALL = frozenset({Role.ANALYST, Role.REVIEWER, Role.SUPERVISOR})
"""Whoever else hands footage in sees their own."""
ON_A_PAGE = 20
ENDED_LATELY = timedelta(days=1)
routes = router("/recordings")
upload_routes = routes_at("/uploads")


@dataclass(frozen=True, slots=True)
class Strip:
    """A recording's length, drawn: what was watched, what was seen, what could not be."""

    watched: list[Bar]
    running: list[Bar]
    seen: list[Bar]
    gaps: list[Bar]
    ticks: list[Tick]


@dataclass(frozen=True, slots=True)
class Shown:
    """One recording under one plan, as it stands."""

    outcome: Outcome
    progress: Progress
    strip: Strip
    expected: str
    """When it is expected to have been watched, in words; empty when that cannot be told."""

    @property
    def state(self) -> str:
        """In words."""
        if self.outcome.cut_by is not None:
            return f"imported faces only, cropped by {self.outcome.cut_by}"
        paused = self.progress.paused_at and self.is_open
        return "paused" if paused else IN_WORDS[self.outcome.state]

    @property
    def is_open(self) -> bool:
        """Whether something is still to come."""
        return self.outcome.state in (*OPEN, State.MATCHING)

    @property
    def percent(self) -> int:
        """How much of it has been watched or given up."""
        return 100 * self.progress.done_ms // max(self.progress.total_ms, 1)


@dataclass(frozen=True, slots=True)
class Coming:
    """An upload, and how many of its bytes are there."""

    upload: Upload
    offset: int

    @property
    def percent(self) -> int:
        """How much has come."""
        return 100 * self.offset // self.upload.size_bytes


@dataclass(frozen=True, slots=True)
class Listed:
    """What a visitor may see, a page of it."""

    recordings: list[Shown]
    uploads: list[Coming]
    first: int
    """How many newer ones there are."""
    more: bool
    """Whether there are older ones."""
    refused: list[RefusedFile]
    """Files that were not taken, the latest first; of `uploads` none."""
    refused_in_all: int


@routes.get("")
def show_recordings(
    request: Request, ours: OurSite, who: Who, first: First = 0, case: int | None = None
) -> Response:
    """The page; footage is handed in for `case` unless another one is chosen."""
    now = ours.now()
    with reading(ours.database) as session:
        cases = [one for one in list_cases(session) if one.is_in_force(now)]
    listed = list_recordings(ours, who, first)
    return page(
        request, "recordings.html.j2", cases=cases, chosen=case, step=ON_A_PAGE, listed=listed,
        most_gb=ours.most_upload_bytes // 10**9,
    )  # fmt: skip


@routes.get("/list")
def show_list(request: Request, ours: OurSite, who: Who, first: First = 0) -> Response:
    """The part of it that changes while one looks."""
    listed = list_recordings(ours, who, first)
    return page(request, "recordings_list.html.j2", step=ON_A_PAGE, listed=listed)


@routes.get("/{analysis_id}")
def show_recording(request: Request, analysis_id: Number, ours: OurSite, who: Who) -> Response:
    """One of them."""
    return page(request, "recording.html.j2", one=find_recording(ours, who, analysis_id))


def find_recording(ours: Site, who: Visitor, analysis_id: int) -> Shown:
    """One recording that a visitor may see. Raises NotFound."""
    with reading(ours.database) as session:
        own = uploads.analyses_of(session, who.account_id)
        found = show(session, ours, [analysis_id], ours.now())
    if not found or not (who.roles & SEE_ALL or analysis_id in own):
        raise NotFound("No such recording; see the list of recordings.")
    return found[0]


def list_recordings(
    ours: Site,
    who: Visitor,
    first: int = 0,
    *,
    older_than: int | None = None,
    number: int = ON_A_PAGE,
) -> Listed:
    """What a visitor may see: uploads of their own, and recordings, the newest first.

    Of these a `number`, from the `first` on, of those below the analysis `older_than` if given.
    """
    now = ours.now()
    with reading(ours.database) as session:
        own = uploads.of_account(session, who.account_id, ended_after=now - ENDED_LATELY)
        only = None if who.roles & SEE_ALL else uploads.analyses_of(session, who.account_id)
        analyses = newest_analyses(
            session, first=first, number=number + 1, only=only, older_than=older_than
        )
        shown = show(session, ours, analyses[:number], now)
        account_id = None if who.roles & SEE_ALL else who.account_id
        refused = refused_files(session, account_id=account_id)
    coming = [_coming(ours, one) for one in own if one.stage is not Stage.TAKEN]
    told_there = {one.upload.id for one in coming}
    others = [one for one in reversed(refused) if one.upload_id not in told_there]
    more = len(analyses) > number
    return Listed(shown, coming, first, more, others[:ON_A_PAGE], len(others))


def show(session: Session, ours: Site, analysis_ids: Sequence[int], now: datetime) -> list[Shown]:
    """These analyses as they stand, in this order."""
    windows = ours.context.windows
    outlook = look_ahead(session, workers=ours.workers(), windows=windows, now=now)
    came = {one.analysis_id: one for one in outcomes(session, analysis_ids)}
    far = {one.analysis_id: one for one in progress(session, analysis_ids)}
    return [
        Shown(came[one], far[one], _strip(session, came[one]), _expected(ours, outlook, one, now))
        for one in analysis_ids
        if one in came
    ]


def _strip(session: Session, one: Outcome) -> Strip:
    segments, length = segment_rows(session, one.analysis_id), one.duration_ms
    return Strip(
        watched=bars(_of(segments, State.DONE), length),
        running=bars(_of(segments, State.RUNNING), length),
        seen=bars(spans(session, one.analysis_id), length),
        gaps=bars(one.gaps, length),
        ticks=ticks(length),
    )


def _of(segments: Sequence[SegmentRow], state: State) -> list[tuple[int, int]]:
    return [(one.start_ms, one.end_ms) for one in segments if one.state is state]


def _expected(ours: Site, outlook: Outlook, analysis_id: int, now: datetime) -> str:
    end = outlook.forecast.ends.get(analysis_id)
    return when(end, now, ours.context.windows.zone) if end else ""


def _coming(ours: Site, upload: Upload) -> Coming:
    here = upload.stage is Stage.COMING
    return Coming(upload, ours.inbox.offset(upload.id) if here else upload.size_bytes)
