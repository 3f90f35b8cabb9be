"""Read candidates: which appearance may show which person, by rank."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy
from sqlmodel import Session, col

from storage.results.seen import Seen, select_seen, take_seen
from storage.results.verdicts import Key, Shown
from storage.tables import (
    Analysis,
    Appearance,
    Candidate,
    Case,
    Person,
    Plan,
    Recording,
    Reference,
)
from storage.vectors.models import is_shown


@dataclass(frozen=True, slots=True)
class Place:
    """A candidate's position in the list: the closest photo, its distance, and the rank."""

    reference_id: int
    distance: float
    rank: int


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """A candidate with its case, person, appearance and closest reference."""

    id: int
    case: str
    person_id: int
    person: str
    seen: Seen
    reference_id: int
    reference: str
    """The photo's name."""
    reference_sha256: str
    """Of the photo's bytes."""
    reference_crop: str | None
    distance: float
    threshold: float
    rank: int
    engine: str

    @property
    def key(self) -> Key:
        """The key of verdicts on this candidate."""
        return Key(self.person_id, self.seen.appearance_id)

    @property
    def shown(self) -> Shown:
        """What a verdict given now counts for."""
        return Shown(self.engine, self.reference_id, self.seen.best_crop)

    @property
    def span(self) -> "Span":
        """The same value as `spans` reads."""
        seen = self.seen
        return Span(
            self.id,
            self.person_id,
            self.engine,
            self.rank,
            seen.recording_id,
            seen.recording,
            seen.start_ms,
            seen.end_ms,
            seen.cut_by,
        )


@dataclass(frozen=True, slots=True)
class Span:
    """A candidate's time span and rank, as needed to detect candidates in duplicate footage."""

    id: int
    """Of the candidate."""
    person_id: int
    engine: str
    rank: int
    recording_id: int
    recording: str
    start_ms: int
    end_ms: int
    cut_by: str | None


_COLUMNS: dict[str, Any] = {
    "id": Candidate.id,
    "case": Case.reference,
    "person_id": Person.id,
    "person": Person.name,
    "reference_id": Reference.id,
    "reference": Reference.photo_name,
    "reference_sha256": Reference.photo_sha256,
    "reference_crop": Reference.crop,
    "distance": Candidate.distance,
    "threshold": Candidate.threshold,
    "rank": Candidate.rank,
    "engine": Candidate.engine,
}


def places(
    session: Session, person_ids: Collection[int], *, engine: str
) -> dict[int, dict[int, Place]]:
    """The places of these people's candidates, by person id and appearance id."""
    statement = sqlalchemy.select(
        col(Candidate.person_id),
        col(Candidate.appearance_id),
        col(Candidate.reference_id),
        col(Candidate.distance),
        col(Candidate.rank),
    ).where(col(Candidate.person_id).in_(person_ids), col(Candidate.engine) == engine)
    by_person: dict[int, dict[int, Place]] = {person: {} for person in person_ids}
    for person, appearance, *place in session.execute(statement):
        by_person[person][appearance] = Place(*place)
    return by_person


def spans(
    session: Session, person_ids: Collection[int], recording_ids: Collection[int]
) -> list[Span]:
    """The candidates of these people in these recordings, of the engine in use, by rank."""
    statement = (
        sqlalchemy.select(
            col(Candidate.id),
            col(Candidate.person_id),
            col(Candidate.engine),
            col(Candidate.rank),
            col(Analysis.recording_id),
            col(Recording.name),
            col(Appearance.start_ms),
            col(Appearance.end_ms),
            col(Plan.cut_by),
        )
        .join(Appearance, col(Candidate.appearance_id) == Appearance.id)
        .join(Analysis)
        .join(Recording)
        .join(Plan)
        .where(
            is_shown(col(Candidate.engine)),
            col(Candidate.person_id).in_(person_ids),
            col(Analysis.recording_id).in_(recording_ids),
        )
        .order_by(col(Candidate.person_id), col(Candidate.rank))
    )
    return [Span(*row) for row in session.execute(statement)]


def candidates(
    session: Session,
    *,
    case_id: int | None = None,
    analysis_ids: Collection[int] | None = None,
    limit: int | None = None,
) -> list[CandidateRow]:
    """Candidates by person and rank: all, or only those of one case, of these analyses, or both."""
    statement = candidate_statement().limit(limit)
    if case_id is not None:
        statement = statement.where(col(Person.case_id) == case_id)
    if analysis_ids is not None:
        statement = statement.where(col(Analysis.id).in_(analysis_ids))
    return [as_candidate(row) for row in session.execute(statement).mappings()]


def candidate_statement() -> sqlalchemy.Select[*tuple[Any, ...]]:
    """A statement for all candidates of the engine in use, by person and rank.

    `as_candidate` turns its rows into candidates.
    """
    return (
        select_seen(**_COLUMNS)
        .join(Candidate, col(Candidate.appearance_id) == col(Appearance.id))
        .join(Reference, col(Candidate.reference_id) == col(Reference.id))
        .join(Person, col(Candidate.person_id) == col(Person.id))
        .join(Case, col(Person.case_id) == col(Case.id))
        .where(is_shown(col(Candidate.engine)))
        .order_by(col(Case.reference), col(Person.name), col(Candidate.engine), col(Candidate.rank))
    )


def as_candidate(row: sqlalchemy.RowMapping) -> CandidateRow:
    """The candidate of a row of `candidate_statement`."""
    seen, others = take_seen(row)
    return CandidateRow(seen=seen, **others)
