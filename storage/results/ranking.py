"""Store the results of a comparison as candidates and rank them; running again is harmless."""

from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy
from sqlalchemy import delete, func, update
from sqlmodel import Session, col, select

from storage.cases import cases
from storage.cases.people import cases_of, lock_people
from storage.cases.references import cut_from
from storage.cases.scope import allowed
from storage.cases.sealed_vectors import openable
from storage.database.batches import batches
from storage.database.upsert import insert_or_update
from storage.tables import (
    Analysis,
    Appearance,
    Candidate,
    Person,
    PersonComparison,
    Recording,
    Reference,
)


@dataclass(frozen=True, slots=True)
class Match:
    """An appearance within the threshold of a person, and the closest reference."""

    person_id: int
    appearance_id: int
    reference_id: int
    distance: float
    threshold: float


_STORED: tuple[Any, ...] = (
    Candidate.id,
    Candidate.person_id,
    Candidate.appearance_id,
    Candidate.reference_id,
    Candidate.engine,
    Candidate.distance,
    Candidate.threshold,
)


def replace_candidates(
    session: Session,
    *,
    reference_ids: Collection[int],
    appearance_ids: Collection[int],
    matches: Sequence[Match],
) -> None:
    """Store the results of comparing these references with these appearances.

    Candidates that an earlier comparison of the same found, and this one did not, are deleted.
    Candidates through other references stay unless a match here is closer. References and
    appearances that no longer exist are skipped. Then the people whose candidates changed get new
    ranks.
    """
    person_ids = _people_of(session, reference_ids)
    lock_people(session, person_ids)
    usable = _usable(session, reference_ids)
    stored = _stored(session, person_ids, appearance_ids)
    compared, written = set(reference_ids), []
    for match in _still_there(session, matches, usable):
        engine = usable[match.reference_id]
        row = stored.pop((match.person_id, match.appearance_id, engine), None)
        if row is None or _supersedes(match, row, compared):
            written.append(asdict(match) | {"engine": engine, "rank": 0})
    key = ["person_id", "appearance_id", "engine"]
    insert_or_update(session, Candidate, written, key=key)
    gone = [row for row in stored.values() if row.reference_id in compared]
    _delete(session, [row.id for row in gone])
    _rank(session, {row["person_id"] for row in written} | {row.person_id for row in gone})


def close_gaps(session: Session) -> None:
    """Rank again the candidates of people who lost some with a purged or cancelled recording."""
    by_engine = select(Candidate.person_id).group_by(
        col(Candidate.person_id), col(Candidate.engine)
    )
    has_gap = func.max(Candidate.rank) != func.count(col(Candidate.id))
    _rank(session, set(session.exec(by_engine.having(has_gap))))


def forget_candidates_outside_of(session: Session, appearance_ids: Collection[int]) -> None:
    """Delete candidates among these appearances that the case of their person does not cover."""
    rows: list[Candidate] = []
    for batch in batches(appearance_ids):
        among = col(Candidate.appearance_id).in_(batch)
        rows += session.exec(select(Candidate).where(among))
    by_person: dict[int, set[int]] = {}
    for row in rows:
        by_person.setdefault(row.person_id, set()).add(row.appearance_id)
    inside = _covered(session, by_person)
    outside = [row for row in rows if (row.person_id, row.appearance_id) not in inside]
    _delete(session, [row.id for row in outside])
    _rank(session, {row.person_id for row in outside})


def forget_candidates_outside(session: Session, case: cases.Case) -> int:
    """Delete the candidates in footage that a case does not cover; returns how many."""
    statement = select(Candidate).join(Person).where(col(Person.case_id) == case.id)
    rows = session.exec(statement).all()
    inside = allowed(session, case, {row.appearance_id for row in rows})
    outside = [row for row in rows if row.appearance_id not in inside]
    _delete(session, [row.id for row in outside])
    people = {row.person_id for row in outside}
    # What was deleted is found again if the case covers it again, though the key is the old one.
    session.exec(delete(PersonComparison).where(col(PersonComparison.person_id).in_(people)))
    _rank(session, people)
    return len(outside)


def forget_withdrawn_candidates(session: Session, person_ids: Collection[int], engine: str) -> None:
    """Delete candidates of these people through photos that were withdrawn."""
    statement = (
        select(Candidate.id, Candidate.person_id)
        .join(Reference, col(Candidate.reference_id) == col(Reference.id))
        .where(
            col(Candidate.person_id).in_(person_ids),
            col(Candidate.engine) == engine,
            col(Reference.withdrawn_at).is_not(None),
        )
    )
    rows = session.exec(statement).all()
    _delete(session, [id for id, _ in rows])
    _rank(session, {person for _, person in rows})


def _people_of(session: Session, reference_ids: Collection[int]) -> list[int]:
    statement = select(Reference.person_id).where(col(Reference.id).in_(reference_ids))
    return sorted(session.exec(statement.distinct()))


def _usable(session: Session, reference_ids: Collection[int]) -> dict[int, str]:
    """Engine by id of those references that can be compared."""
    statement = select(Reference.id, Reference.engine).where(
        col(Reference.id).in_(reference_ids), openable()
    )
    return dict(session.exec(statement).all())


def _stored(
    session: Session, person_ids: Collection[int], appearance_ids: Collection[int]
) -> dict[tuple[int, int, str], Any]:
    if not appearance_ids:
        return {}
    # An archive has more appearances than a statement can list, so it gives their range.
    among = set(appearance_ids)
    statement = sqlalchemy.select(*(col(column) for column in _STORED)).where(
        col(Candidate.person_id).in_(person_ids),
        col(Candidate.appearance_id).between(min(among), max(among)),
    )
    return {
        (row.person_id, row.appearance_id, row.engine): row
        for row in session.execute(statement)
        if row.appearance_id in among
    }


def _supersedes(match: Match, row: Any, compared: Collection[int]) -> bool:
    if row.reference_id not in compared:
        return bool(match.distance < row.distance)
    return any(getattr(row, name) != value for name, value in asdict(match).items())


def _still_there(session: Session, matches: Sequence[Match], usable: Container[int]) -> list[Match]:
    """Matches that still exist, are covered by the person's case, and are not an appearance that a
    reference of the person was cut from."""
    there = _allowed(session, matches)
    there -= cut_from(session, {match.person_id for match in matches})
    return [
        match
        for match in matches
        if (match.person_id, match.appearance_id) in there and match.reference_id in usable
    ]


def _allowed(session: Session, matches: Sequence[Match]) -> set[tuple[int, int]]:
    by_person: dict[int, set[int]] = {}
    for match in matches:
        by_person.setdefault(match.person_id, set()).add(match.appearance_id)
    return _covered(session, by_person)


def _covered(session: Session, by_person: Mapping[int, set[int]]) -> set[tuple[int, int]]:
    """(person id, appearance id) of these appearances in footage that the person's case covers."""
    return {
        (person_id, appearance_id)
        for person_id, case in cases_of(session, by_person).items()
        for appearance_id in allowed(session, case, by_person[person_id])
    }


def _delete(session: Session, candidate_ids: Sequence[int]) -> None:
    for batch in batches(candidate_ids):
        session.exec(delete(Candidate).where(col(Candidate.id).in_(batch)))


def _rank(session: Session, person_ids: Collection[int]) -> None:
    if not person_ids:
        return
    # Distances of different engines cannot be compared.
    apart = [col(Candidate.person_id), col(Candidate.engine)]
    # Ties are not broken by processing order: the same footage must give the same ranks.
    place = [col(Recording.sha256), col(Analysis.plan_key), col(Appearance.ordinal)]
    closest_first = [col(Candidate.distance), *place]
    number = func.row_number().over(partition_by=apart, order_by=closest_first)
    ranked = (
        sqlalchemy.select(col(Candidate.id).label("id"), number.label("rank"))
        .join(Appearance, col(Candidate.appearance_id) == Appearance.id)
        .join(Analysis, col(Appearance.analysis_id) == Analysis.id)
        .join(Recording, col(Analysis.recording_id) == Recording.id)
        .where(col(Candidate.person_id).in_(person_ids))
        .subquery()
    )
    statement = (
        update(Candidate)
        .where(col(Candidate.id) == ranked.c.id, col(Candidate.rank) != ranked.c.rank)
        .values(rank=ranked.c.rank)
        .execution_options(synchronize_session=False)
    )
    session.exec(statement)
    session.expire_all()
