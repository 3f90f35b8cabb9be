"""Read appearances and candidates for export, row by row: an archive need not fit into memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sqlalchemy
from numpy.typing import NDArray
from sqlmodel import Session, col, select

from storage.results.candidates import CandidateRow, as_candidate, candidate_statement
from storage.results.seen import Seen, select_seen, take_seen
from storage.tables import Appearance, CaseRecording, Embedding, Person, Plan, Recording

_AT_ONCE = 1000


@dataclass(frozen=True, slots=True, eq=False)
class AppearanceRow:
    """An appearance as exported."""

    seen: Seen
    engine: str
    """The plan's engine; with a vector, the engine that made it."""
    vector: NDArray[np.float32] | None = field(default=None, repr=False)
    """None unless requested."""


def each_appearance(
    session: Session,
    *,
    case_id: int | None = None,
    recording_ids: Sequence[int] | None = None,
    with_vectors: bool = False,
) -> Iterator[AppearanceRow]:
    """Appearances in the order they were stored: all, or of a case's footage, or these recordings.

    `with_vectors` yields an appearance once for each engine that embedded it.
    """
    statement = select_seen(**_columns(with_vectors)).order_by(col(Appearance.id))
    if with_vectors:
        statement = statement.join(Embedding, col(Embedding.appearance_id) == col(Appearance.id))
        statement = statement.order_by(col(Embedding.engine))
    if case_id is not None:
        statement = statement.where(col(Recording.id).in_(_footage_of(case_id)))
    if recording_ids is not None:
        statement = statement.where(col(Recording.id).in_(recording_ids))
    for row in session.execute(statement.execution_options(yield_per=_AT_ONCE)).mappings():
        seen, others = take_seen(row)
        yield AppearanceRow(seen, **others)


def each_candidate(
    session: Session, *, case_id: int, recording_ids: Sequence[int] | None = None
) -> Iterator[CandidateRow]:
    """A case's candidates by person and rank; only those in `recording_ids`, if given."""
    statement = candidate_statement().where(col(Person.case_id) == case_id)
    if recording_ids is not None:
        statement = statement.where(col(Recording.id).in_(recording_ids))
    for row in session.execute(statement.execution_options(yield_per=_AT_ONCE)).mappings():
        yield as_candidate(row)


def recordings_called(session: Session, name: str) -> list[int]:
    """The ids of the recordings with this file name or sha256."""
    statement = select(Recording.id).where(
        (col(Recording.name) == name) | (col(Recording.sha256) == name)
    )
    return list(session.exec(statement.order_by(col(Recording.id))))


def recordings_among(
    session: Session, *, case_id: int | None = None, recording_ids: Sequence[int] | None = None
) -> list[int]:
    """The recordings whose appearances `each_appearance` reads."""
    statement = select(Recording.id).order_by(col(Recording.id))
    if case_id is not None:
        statement = statement.where(col(Recording.id).in_(_footage_of(case_id)))
    if recording_ids is not None:
        statement = statement.where(col(Recording.id).in_(recording_ids))
    return list(session.exec(statement))


def _footage_of(case_id: int) -> sqlalchemy.Select[int]:
    return sqlalchemy.select(col(CaseRecording.recording_id)).where(
        col(CaseRecording.case_id) == case_id
    )


def _columns(with_vectors: bool) -> dict[str, Any]:
    if with_vectors:
        return {"engine": Embedding.engine, "vector": Embedding.vector}
    return {"engine": Plan.engine}
