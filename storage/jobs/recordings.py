"""Add recordings, and queue their analyses with their segments."""

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlmodel import Session, col, select

from errors import NotFound
from footage.recording import Recording
from footage.segments import Segment
from storage import tables
from storage.database.moments import milliseconds
from storage.database.upsert import insert_if_new
from storage.jobs.plans import remember_plan
from storage.jobs.states import ENDED
from storage.tables import DEFAULT_SITE, Capture, Priority, State


@dataclass(frozen=True, slots=True)
class Found:
    """A video file that was read and probed."""

    sha256: str
    name: str
    modified_ns: int
    recording: Recording
    object_tag: str | None = None
    """The ETag of an object in the object store; None for a file."""


@dataclass(frozen=True, slots=True)
class Request:
    """How a recording is to be processed, for which case, and who requested it."""

    priority: Priority = Priority.OVERNIGHT
    any_time: bool = False
    """Whether it is also processed outside the processing windows."""
    case_id: int | None = None
    site: str = DEFAULT_SITE
    """Location of the footage: its segments are queued for workers that can reach it."""
    actor: str = "worker"
    """Who requested it, as written in the audit log."""
    captured_at: datetime | None = None
    """Recording time as stated by the actor; takes precedence over the file's own."""


AS_USUAL = Request()


@dataclass(frozen=True, slots=True)
class Added:
    """The recording is new."""

    recording_id: int
    analysis_id: int


@dataclass(frozen=True, slots=True)
class AlreadyKnown:
    """The same bytes were added before, possibly under another name or plan."""

    recording_id: int
    analysis_id: int
    name: str
    """The name under which they were first added."""
    state: State
    """Of the analysis under the requested plan; `waiting` if that plan is new to the recording."""

    @property
    def done(self) -> bool:
        """Whether the analysis under this plan has ended."""
        return self.state in ENDED


def add(
    session: Session,
    found: Found,
    *,
    plan_key: str,
    plan_body: str,
    segments: Sequence[Segment],
    now: datetime,
    request: Request = AS_USUAL,
) -> Added | AlreadyKnown:
    """Add a recording, and queue its analysis under a plan (JSON with at least `engine`).

    The same bytes are one recording: its path is updated, and another plan adds an analysis. The
    priority of an analysis that exists can be raised here, but not lowered.
    """
    remember_plan(session, plan_key, plan_body)
    is_new = insert_if_new(session, tables.Recording, **_columns(found), added_at=now)
    recording = session.exec(
        select(tables.Recording).where(col(tables.Recording.sha256) == found.sha256)
    ).one()
    if not recording.path:  # until now there were only imported faces of it
        recording.sqlmodel_update(_columns(found))
    recording.path, recording.modified_ns = os.fsencode(found.recording.path), found.modified_ns
    recording.object_tag = found.object_tag
    recording.captured_words = found.recording.captured_words
    analysis = _ask(session, recording.id, plan_key, segments, now)
    _hurry(analysis, request)
    if request.captured_at is not None:
        _date(recording, request.captured_at)
    if request.case_id is not None:
        of_case = {"case_id": request.case_id, "recording_id": recording.id}
        insert_if_new(session, tables.CaseRecording, **of_case)
    if is_new:
        return Added(recording.id, analysis.id)
    return AlreadyKnown(recording.id, analysis.id, recording.name, analysis.state)


def date_recording(session: Session, recording_id: int, captured_at: datetime) -> int | None:
    """Store when a recording was made, as a user states it.

    Returns the time that was stored before, in milliseconds since 1970 UTC. Raises NotFound.
    """
    recording = session.get(tables.Recording, recording_id)
    if recording is None:
        raise NotFound("No such recording; see the list of recordings.")
    before = recording.captured_ms
    _date(recording, captured_at)
    return before


def _date(recording: tables.Recording, captured_at: datetime) -> None:
    recording.captured_ms = milliseconds(captured_at)
    recording.captured_by = Capture.PERSON


def _ask(
    session: Session, recording_id: int, plan_key: str, segments: Sequence[Segment], now: datetime
) -> tables.Analysis:
    key = {"recording_id": recording_id, "plan_key": plan_key}
    # Without segments, no last segment would ever start the matching.
    state = State.WAITING if segments else State.MATCHING
    is_new = insert_if_new(session, tables.Analysis, **key, state=state, asked_at=now)
    analysis = session.exec(select(tables.Analysis).filter_by(**key)).one()
    if is_new:
        session.add_all(tables.Segment(analysis_id=analysis.id, **asdict(s)) for s in segments)
        session.flush()
    return analysis


def _hurry(analysis: tables.Analysis, request: Request) -> None:
    if request.priority is Priority.URGENT:
        analysis.priority = Priority.URGENT
    analysis.any_time = analysis.any_time or request.any_time
    analysis.site = request.site


def _columns(found: Found) -> dict[str, Any]:
    recording = asdict(found.recording)
    del recording["keyframes"], recording["supply"]
    captured_ms = recording.pop("captured_claimed_ms")
    frame_rate = found.recording.frame_rate
    return recording | {
        "sha256": found.sha256,
        "name": os.fsencode(found.name).decode(errors="replace"),
        "modified_ns": found.modified_ns,
        "object_tag": found.object_tag,
        "path": os.fsencode(found.recording.path),
        "frame_rate": None if frame_rate is None else str(frame_rate),
        "time_base": str(found.recording.time_base),
        "captured_ms": captured_ms,
        "captured_by": None if captured_ms is None else Capture.FILE,
    }


def as_footage(row: tables.Recording) -> Recording:
    """A stored recording as it was probed, without keyframes: a segment has its own."""
    return Recording(
        path=os.fsdecode(row.path),
        size_bytes=row.size_bytes,
        codec=row.codec,
        width=row.width,
        height=row.height,
        rotation=row.rotation,
        pixel_format=row.pixel_format,
        frame_rate=None if row.frame_rate is None else Fraction(row.frame_rate),
        time_base=Fraction(row.time_base),
        start_us=row.start_us,
        duration_claimed_ms=row.duration_claimed_ms,
        duration_ms=row.duration_ms,
        packets=row.packets,
        keyframes=(),
    )
