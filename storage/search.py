"""What a search found, with all that a reader of it needs."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from storage.nearest import Near
from storage.tables import Analysis, Appearance, Recording


@dataclass(frozen=True, slots=True)
class Hit:
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


def hits(session: Session, near: Sequence[Near]) -> list[Hit]:
    """What was found, in the same order; what has gone meanwhile is left out."""
    statement = (
        select(Appearance, Analysis.plan_key, Recording)
        .join(Analysis, col(Appearance.analysis_id) == col(Analysis.id))
        .join(Recording, col(Analysis.recording_id) == col(Recording.id))
        .where(col(Appearance.id).in_([one.appearance_id for one in near]))
    )
    rows = {row.id: (row, plan, recording) for row, plan, recording in session.exec(statement)}
    return [_hit(one, *rows[one.appearance_id]) for one in near if one.appearance_id in rows]


def _hit(near: Near, row: Appearance, plan: str, recording: Recording) -> Hit:
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
        plan=plan,
    )
