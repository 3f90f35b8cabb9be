"""What the page of a case reads: photos with their verdicts, and candidates a page at a time."""

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
    """A reference photo as it was judged."""

    id: int
    person_id: int
    name: str
    engine: str
    verdict: str
    quality: float | None
    crop: str | None
    """Name of the face's picture; None for a photo that was refused or withdrawn."""
    appearance_id: int | None
    """The appearance that it was cut from, where it is no photo."""


def photos_of_case(session: Session, case_id: int) -> list[Photo]:
    """Every photo of everybody a case looks for, in the order they were handed in."""
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
    """How many candidates a case has."""
    statement = select(func.count(col(tables.Candidate.id))).join(tables.Person)
    return session.exec(statement.where(col(tables.Person.case_id) == case_id)).one()


def candidate_page(
    session: Session, case_id: int, *, first: int = 0, most: int | None = None
) -> list[CandidateRow]:
    """Candidates by person, engine and rank, from the `first` on, counted from 0."""
    of_case = candidate_statement().where(col(tables.Case.id) == case_id)
    rows = session.execute(of_case.offset(first).limit(most)).mappings()
    return [as_candidate(row) for row in rows]


def candidates_behind(
    session: Session, case_id: int, *, behind: tuple[int, int, int], most: int
) -> list[CandidateRow]:
    """Candidates by the ids of persons, rank and id, behind such a place."""
    place = (col(tables.Person.id), col(tables.Candidate.rank), col(tables.Candidate.id))
    of_case = candidate_statement().where(
        col(tables.Case.id) == case_id, tuple_(*place) > tuple_(*behind)
    )
    rows = session.execute(of_case.order_by(None).order_by(*place).limit(most)).mappings()
    return [as_candidate(row) for row in rows]


def candidates_on(session: Session, key: Key) -> list[CandidateRow]:
    """One candidate as each engine that found it sees it."""
    statement = candidate_statement().where(
        col(tables.Candidate.person_id) == key.person_id,
        col(tables.Candidate.appearance_id) == key.appearance_id,
    )
    return [as_candidate(row) for row in session.execute(statement).mappings()]


def crop_of_photo(session: Session, case_id: int, photo_id: int) -> str | None:
    """The name of the picture of a reference photo's face, where the case has it."""
    statement = (
        select(tables.Reference.crop)
        .join(tables.Person)
        .where(col(tables.Person.case_id) == case_id, col(tables.Reference.id) == photo_id)
    )
    return session.exec(statement).one_or_none()


def photo_in_case(session: Session, case_id: int, photo_id: int) -> tuple[int, str] | None:
    """Whose a reference photo is and its sha256; None where the case has none in use."""
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
    """The names of an appearance's pictures; none of one that the case may not look at."""
    if not allowed(session, case, [appearance_id]):
        return []
    statement = select(tables.Appearance.crops).where(col(tables.Appearance.id) == appearance_id)
    return list(session.exec(statement).one())


def weights_of_case(session: Session, case_id: int) -> dict[str, list[str]]:
    """The hashes of the weights that looked at a case's photos, by engine."""
    columns = (tables.Reference.engine, tables.Reference.weights_sha256)
    statement = select(*columns).join(tables.Person).where(col(tables.Person.case_id) == case_id)
    found: dict[str, list[str]] = {}
    for engine, weights in sorted(set(session.exec(statement))):
        found.setdefault(engine, []).append(weights)
    return found
