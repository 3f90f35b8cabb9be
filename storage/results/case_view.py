"""Read the page of a case: photos with their assessments, and candidates page by page."""

from dataclasses import dataclass

from sqlalchemy import func, tuple_
from sqlmodel import Session, col, select

from storage import tables
from storage.cases.cases import Case
from storage.cases.scope import allowed
from storage.cases.sealed_vectors import verdict_on
from storage.results.candidates import CandidateRow, as_candidate, candidate_statement
from storage.results.verdicts import Key


@dataclass(frozen=True, slots=True)
class Photo:
    """A reference photo with its assessment."""

    id: int
    person_id: int
    name: str
    engine: str
    verdict: str
    quality: float | None
    crop: str | None
    """Name of the face crop; None for a photo that was rejected or withdrawn."""
    appearance_id: int | None
    """The appearance it was cut from, if it is not a photo."""


def photos_of_case(session: Session, case_id: int) -> list[Photo]:
    """All photos of a case's persons of interest, in the order they were added."""
    statement = (
        select(tables.Reference)
        .join(tables.Person)
        .where(col(tables.Person.case_id) == case_id)
        .order_by(col(tables.Reference.id))
    )
    return [
        Photo(
            row.id,
            row.person_id,
            row.photo_name,
            row.engine,
            verdict_on(row),
            row.quality,
            row.crop,
            row.appearance_id,
        )
        for row in session.exec(statement)
    ]


def number_of_candidates(session: Session, case_id: int) -> int:
    """The number of candidates of a case."""
    statement = select(func.count(col(tables.Candidate.id))).join(tables.Person)
    return session.exec(statement.where(col(tables.Person.case_id) == case_id)).one()


def candidate_page(
    session: Session, case_id: int, *, first: int = 0, most: int | None = None
) -> list[CandidateRow]:
    """At most `most` candidates, by person, engine and rank, starting at index `first` (from 0)."""
    of_case = candidate_statement().where(col(tables.Case.id) == case_id)
    rows = session.execute(of_case.offset(first).limit(most)).mappings()
    return [as_candidate(row) for row in rows]


def candidates_behind(
    session: Session, case_id: int, *, behind: tuple[int, int, int], most: int | None
) -> list[CandidateRow]:
    """At most `most` candidates, or all, after the position `behind`: person id, rank and
    candidate id, by which they are ordered."""
    place = (col(tables.Person.id), col(tables.Candidate.rank), col(tables.Candidate.id))
    of_case = candidate_statement().where(
        col(tables.Case.id) == case_id, tuple_(*place) > tuple_(*behind)
    )
    rows = session.execute(of_case.order_by(None).order_by(*place).limit(most)).mappings()
    return [as_candidate(row) for row in rows]


def candidates_on(session: Session, key: Key) -> list[CandidateRow]:
    """One candidate, once per engine that found it."""
    statement = candidate_statement().where(
        col(tables.Candidate.person_id) == key.person_id,
        col(tables.Candidate.appearance_id) == key.appearance_id,
    )
    return [as_candidate(row) for row in session.execute(statement).mappings()]


def crop_of_photo(session: Session, case_id: int, photo_id: int) -> str | None:
    """The name of a reference photo's face crop; None if the case does not have it."""
    statement = (
        select(tables.Reference.crop)
        .join(tables.Person)
        .where(col(tables.Person.case_id) == case_id, col(tables.Reference.id) == photo_id)
    )
    return session.exec(statement).one_or_none()


def photo_in_case(session: Session, case_id: int, photo_id: int) -> tuple[int, str] | None:
    """Person id and sha256 of a reference photo; None if it is not one of the case's in use."""
    statement = (
        select(tables.Reference.person_id, tables.Reference.photo_sha256)
        .join(tables.Person)
        .where(
            col(tables.Person.case_id) == case_id,
            col(tables.Reference.id) == photo_id,
            col(tables.Reference.withdrawn_at).is_(None),
        )
    )
    return session.exec(statement).one_or_none()


def crops_of_appearance(session: Session, case: Case, appearance_id: int) -> list[str]:
    """The names of an appearance's crops; empty if the case does not cover it."""
    if not allowed(session, case, [appearance_id]):
        return []
    statement = select(tables.Appearance.crops).where(col(tables.Appearance.id) == appearance_id)
    return list(session.exec(statement).one())


def weights_of_case(session: Session, case_id: int) -> dict[str, list[str]]:
    """The hashes of the weights that embedded a case's photos, by engine."""
    columns = (tables.Reference.engine, tables.Reference.weights_sha256)
    statement = select(*columns).join(tables.Person).where(col(tables.Person.case_id) == case_id)
    by_engine: dict[str, list[str]] = {}
    for engine, weights in sorted(set(session.exec(statement))):
        by_engine.setdefault(engine, []).append(weights)
    return by_engine
