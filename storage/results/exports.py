"""What is taken elsewhere, read row by row: an archive need not fit into memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import sqlalchemy
from numpy.typing import NDArray
from sqlmodel import Session, col, select

from storage.jobs.plans import imported_at
from storage.results.candidates import CandidateRow, as_candidate, candidate_statement
from storage.tables import Analysis, Appearance, Case, CaseRecording, Embedding, Plan, Recording

_AT_ONCE = 1000

_COLUMNS: dict[str, Any] = {
    "recording_id": Recording.id,
    "recording": Recording.name,
    "sha256": Recording.sha256,
    "start_ms": Appearance.start_ms,
    "end_ms": Appearance.end_ms,
    "best_ms": Appearance.best_ms,
    "box_x": Appearance.box_x,
    "box_y": Appearance.box_y,
    "box_width": Appearance.box_width,
    "box_height": Appearance.box_height,
    "score": Appearance.score,
    "quality": Appearance.quality,
    "faces": Appearance.faces,
    "engine": Plan.engine,
    "plan": Plan.key,
    "crops": Appearance.crops,
    "cut_by": Plan.cut_by,
    "imported_at": imported_at(),
}
_VECTOR_COLUMNS: dict[str, Any] = {"engine": Embedding.engine, "vector": Embedding.vector}


@dataclass(frozen=True, slots=True, eq=False)
class AppearanceRow:
    """An appearance with all that a reader of it needs."""

    recording_id: int
    recording: str
    sha256: str
    """The recording's."""
    start_ms: int
    end_ms: int
    best_ms: int
    box: tuple[float, float, float, float]
    """x, y, width, height at `best_ms`, in pixels."""
    score: float
    quality: float
    faces: int
    engine: str
    """The plan's; with a vector, the one that made it."""
    plan: str
    crops: tuple[str, ...]
    """Names in the media store, best first."""
    cut_by: str | None = None
    """Who cut the face, where it was imported; None where footage was watched."""
    imported_at: datetime | None = None
    vector: NDArray[np.float32] | None = field(default=None, repr=False)
    """None unless it was asked for."""


def each_appearance(
    session: Session,
    *,
    case: str | None = None,
    recording_ids: Sequence[int] | None = None,
    with_vectors: bool = False,
) -> Iterator[AppearanceRow]:
    """Appearances in the order they were stored: all, of a case's footage, of these recordings.

    `with_vectors`, one that several engines have seen comes once for each.
    """
    columns = _COLUMNS | (_VECTOR_COLUMNS if with_vectors else {})
    statement: sqlalchemy.Select[*tuple[Any, ...]] = (
        sqlalchemy.select(*(column.label(name) for name, column in columns.items()))
        .join(Analysis, col(Appearance.analysis_id) == col(Analysis.id))
        .join(Recording)
        .join(Plan)
        .order_by(col(Appearance.id))
    )
    if with_vectors:
        statement = statement.join(Embedding, col(Embedding.appearance_id) == col(Appearance.id))
        statement = statement.order_by(col(Embedding.engine))
    if case is not None:
        statement = statement.where(col(Recording.id).in_(_footage_of(case)))
    if recording_ids is not None:
        statement = statement.where(col(Recording.id).in_(recording_ids))
    for found in session.execute(statement.execution_options(yield_per=_AT_ONCE)).mappings():
        yield _appearance(dict(found))


def each_candidate(
    session: Session, *, case: str, recording_ids: Sequence[int] | None = None
) -> Iterator[CandidateRow]:
    """A case's candidates by person and rank, in these recordings only if given."""
    statement = candidate_statement().where(col(Case.reference) == case)
    if recording_ids is not None:
        statement = statement.where(col(Recording.id).in_(recording_ids))
    for found in session.execute(statement.execution_options(yield_per=_AT_ONCE)).mappings():
        yield as_candidate(dict(found))


def recordings_called(session: Session, name: str) -> list[int]:
    """The ids of the recordings with this file name, or this sha256."""
    statement = select(Recording.id).where(
        (col(Recording.name) == name) | (col(Recording.sha256) == name)
    )
    return list(session.exec(statement.order_by(col(Recording.id))))


def recordings_among(
    session: Session, *, case: str | None = None, recording_ids: Sequence[int] | None = None
) -> list[int]:
    """The recordings whose appearances `each_appearance` reads."""
    statement = select(Recording.id).order_by(col(Recording.id))
    if case is not None:
        statement = statement.where(col(Recording.id).in_(_footage_of(case)))
    if recording_ids is not None:
        statement = statement.where(col(Recording.id).in_(recording_ids))
    return list(session.exec(statement))


def _footage_of(case: str) -> sqlalchemy.Select[int]:
    return (
        sqlalchemy.select(col(CaseRecording.recording_id))
        .join(Case, col(CaseRecording.case_id) == col(Case.id))
        .where(col(Case.reference) == case)
    )


def _appearance(values: dict[str, Any]) -> AppearanceRow:
    box = tuple(values.pop(name) for name in ("box_x", "box_y", "box_width", "box_height"))
    return AppearanceRow(**values | {"box": box, "crops": tuple(values["crops"])})
