"""What a search found, with all that a reader of it needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from storage.jobs.plans import Provenance
from storage.tables import Analysis, Appearance, Plan, Recording
from storage.vectors.nearest import Near


@dataclass(frozen=True, slots=True)
class Hit(Provenance):
    """An appearance that came close, with all that a reader of it needs."""

    recording_id: int
    recording: str
    recording_sha256: str
    duration_ms: int
    appearance_id: int
    start_ms: int
    end_ms: int
    best_ms: int
    box: tuple[float, float, float, float]
    """x, y, width, height at `best_ms`, in pixels."""
    faces: int
    quality: float
    crops: tuple[str, ...]
    """Names in the media store, best first."""
    distance: float
    photo: int
    """Which of the photos came closest, counted from 0."""
    plan: str
    cut_by: str | None = None
    """Who cut the face, where it was imported; None where footage was watched."""
    imported_at: datetime | None = None


def hits(session: Session, near: Sequence[Near]) -> list[Hit]:
    """What was found, in the same order; what has gone meanwhile is left out."""
    statement = (
        select(Appearance, Analysis, Plan, Recording)
        .join(Analysis, col(Appearance.analysis_id) == col(Analysis.id))
        .join(Plan, col(Analysis.plan_key) == col(Plan.key))
        .join(Recording, col(Analysis.recording_id) == col(Recording.id))
        .where(col(Appearance.id).in_([one.appearance_id for one in near]))
    )
    rows = {seen.id: (seen, *others) for seen, *others in session.execute(statement)}
    return [_hit(one, *rows[one.appearance_id]) for one in near if one.appearance_id in rows]


def _hit(near: Near, row: Appearance, analysis: Analysis, plan: Plan, recording: Recording) -> Hit:
    return Hit(
        recording_id=recording.id,
        recording=recording.name,
        recording_sha256=recording.sha256,
        duration_ms=recording.duration_ms,
        appearance_id=row.id,
        start_ms=row.start_ms,
        end_ms=row.end_ms,
        best_ms=row.best_ms,
        box=(row.box_x, row.box_y, row.box_width, row.box_height),
        faces=row.faces,
        quality=row.quality,
        crops=tuple(row.crops),
        distance=near.distance,
        photo=near.photo,
        plan=plan.key,
        cut_by=plan.cut_by,
        imported_at=analysis.asked_at if plan.cut_by else None,
    )
