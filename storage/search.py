"""The appearances closest to a face, of one engine, within a scope."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from faces.engine import ModelCard
from faces.matching import rank
from faces.vectors import Vectors
from storage.scope import Scope, in_window, within
from storage.tables import Analysis, Appearance, Embedding, Recording
from storage.vectors import matrix

ROWS_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True, order=True)
class Near:
    """An appearance within the threshold; the closest sorts first."""

    distance: float
    appearance_id: int
    photo: int
    """The row of the query that came closest."""


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


def nearest(
    session: Session, photos: Vectors, *, card: ModelCard, scope: Scope, limit: int
) -> list[Near]:
    """The appearances closest to one person's photos [k, d], closest first, at most `limit`.

    Exact. An appearance is as far away as from the photo it is closest to, and only those at or
    below the card's threshold are returned; equal distances are in order of ids.
    """
    best: list[Near] = []
    for ids, vectors in _blocks(session, card.name, scope):
        ranked = rank(vectors, photos, kind=card.distance, threshold=card.threshold)
        found = [Near(one.distance, ids[one.appearance], one.reference) for one in ranked[:limit]]
        best = sorted([*best, *found])[:limit]
    return best


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


def _blocks(session: Session, engine: str, scope: Scope) -> Iterator[tuple[list[int], Vectors]]:
    statement = (
        select(Embedding.appearance_id, col(Embedding.vector))
        .join(Appearance, col(Embedding.appearance_id) == col(Appearance.id))
        .join(Analysis, col(Appearance.analysis_id) == col(Analysis.id))
        .join(Recording, col(Analysis.recording_id) == col(Recording.id))
        .where(col(Embedding.engine) == engine, within(session, scope), in_window(scope.case))
        .order_by(col(Embedding.appearance_id))
        .execution_options(yield_per=ROWS_AT_ONCE)
    )
    for rows in session.exec(statement).partitions():
        yield [id for id, _ in rows], matrix([vector for _, vector in rows])


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
