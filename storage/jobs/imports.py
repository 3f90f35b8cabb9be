"""Import faces cut by other software as appearances, also of recordings that were never here.

Each import has a plan of its own, and for each recording an analysis that involves no footage
processing: it is ready to be matched at once.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from errors import Conflict
from storage.database.upsert import insert_if_new
from storage.jobs.plans import remember_plan
from storage.jobs.states import is_imported, is_of_crops
from storage.tables import Analysis, Appearance, CaseRecording, Recording, State
from storage.vectors.appearances import Presence, replace_appearances

_NAMES = uuid.UUID("c2455064-c9e5-48bb-821f-51081fa262cc")
_NEVER_MEASURED: dict[str, Any] = {
    "path": b"",
    "size_bytes": 0,
    "modified_ns": 0,
    "codec": "",
    "width": 0,
    "height": 0,
    "rotation": 0,
    "pixel_format": "",
    "frame_rate": None,
    "time_base": "1/1000",
    "start_us": 0,
    "duration_claimed_ms": None,
    "duration_ms": 0,
    "packets": 0,
}


@dataclass(frozen=True, slots=True)
class Named:
    """A recording as named by the software that cut its faces: by name, sha256, or both."""

    name: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """A recording that faces can be imported to."""

    recording_id: int
    sha256: str
    """A UUID if the hash is unknown."""
    is_new: bool


def hold(session: Session, case_id: int, named: Named, *, last_ms: int, now: datetime) -> Held:
    """Find a recording of the case, or add it as one whose footage was never here.

    `last_ms` is the latest time of a face in it, hence its minimum length. Raises Conflict if
    several recordings have the name, or if the footage is in the archive but not in this case.
    """
    row = _find(session, case_id, named)
    is_new = row is None
    if row is None:
        row = _never_here(session, case_id, named, now)
    if not row.path:
        row.duration_ms = max(row.duration_ms, last_ms)
    of_case = {"case_id": case_id, "recording_id": row.id}
    insert_if_new(session, CaseRecording, **of_case)
    return Held(row.id, row.sha256, is_new)


def imported(session: Session, recording_id: int) -> set[tuple[int, str]]:
    """Appearances imported to a recording earlier, as (best_ms, name of the best crop)."""
    statement = (
        select(Appearance.best_ms, col(Appearance.crops))
        .join(Analysis)
        .where(col(Analysis.recording_id) == recording_id, is_imported(), ~is_of_crops())
    )
    return {(best_ms, crops[0]) for best_ms, crops in session.exec(statement)}


def add_import(
    session: Session,
    recording_id: int,
    seen: Sequence[Presence],
    *,
    plan_key: str,
    plan_body: str,
    weights_sha256: str,
    now: datetime,
) -> tuple[int | None, list[Presence]]:
    """Store those of these appearances (in order of time) that were not imported earlier.

    Returns the id of their analysis, which is to be matched, and the new appearances; None and an
    empty list if nothing is new.
    """
    session.exec(select(Recording.id).where(col(Recording.id) == recording_id).with_for_update())
    earlier = imported(session, recording_id)
    new = [presence for presence in seen if (presence.best_ms, presence.crops[0]) not in earlier]
    if not new:
        return None, []
    remember_plan(session, plan_key, plan_body)
    analysis = Analysis(
        recording_id=recording_id, plan_key=plan_key, state=State.MATCHING, asked_at=now
    )
    session.add(analysis)
    session.flush()
    id = analysis.id
    replace_appearances(session, id, new, weights_sha256=weights_sha256)
    return id, new


def _find(session: Session, case_id: int, named: Named) -> Recording | None:
    if named.sha256:
        return _by_sha256(session, case_id, named.sha256)
    called = (
        select(Recording)
        .join(CaseRecording)
        .where(col(CaseRecording.case_id) == case_id, col(Recording.name) == named.name)
    )
    rows = session.exec(called.limit(2)).all()
    if len(rows) > 1:
        raise Conflict("Several recordings of the case have this name; give the sha256.")
    return next(iter(rows), None)


def _by_sha256(session: Session, case_id: int, sha256: str) -> Recording | None:
    row = session.exec(select(Recording).where(col(Recording.sha256) == sha256)).one_or_none()
    if row is not None and row.path and not session.get(CaseRecording, (case_id, row.id)):
        raise Conflict(
            "Its recording is in the archive but not in this case; add it with `nightreel "
            "ingest --case` first (it is not processed again)."
        )
    return row


def _never_here(session: Session, case_id: int, named: Named, now: datetime) -> Recording:
    # The same name in another case counts as another recording, since no hash tells otherwise.
    sha256 = named.sha256 or str(uuid.uuid5(_NAMES, f"{case_id}/{named.name}"))
    values = _NEVER_MEASURED | {"name": named.name or sha256, "added_at": now}
    insert_if_new(session, Recording, sha256=sha256, **values)
    return session.exec(select(Recording).where(col(Recording.sha256) == sha256)).one()
