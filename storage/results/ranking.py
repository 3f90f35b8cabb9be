"""Store the result of a comparison as candidates and rank each person's; may run again."""

from collections.abc import Collection, Container, Sequence
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
    Recording,
    Reference,
)


@dataclass(frozen=True, slots=True)
class Match:
    """An appearance within the threshold of a person, and the reference that came closest."""

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
    """Store what came of comparing these references with these appearances.

    What an earlier comparison of the same found, and this one did not, goes. What others found
    meanwhile stays: only a closer match takes its place. References and appearances that have gone
    meanwhile are passed over. Then each person's candidates are ranked again.
    """
    person_ids = _people_of(session, reference_ids)
    lock_people(session, person_ids)
    usable = _usable(session, reference_ids)
    known = _known(session, person_ids, appearance_ids)
    compared, written = set(reference_ids), []
    for match in _still_there(session, matches, usable):
        engine = usable[match.reference_id]
        row = known.pop((match.person_id, match.appearance_id, engine), None)
        if row is None or _supersedes(match, row, compared):
            written.append(asdict(match) | {"engine": engine, "rank": 0})
    key = ["person_id", "appearance_id", "engine"]
    insert_or_update(session, Candidate, written, key=key)
    _delete(session, [row.id for row in known.values() if row.reference_id in compared])
    _rank(session, person_ids)


def forget_candidates_outside(session: Session, case: cases.Case) -> int:
    """Forget the candidates in footage that a case does not allow; returns how many."""
    statement = select(Candidate).join(Person).where(col(Person.case_id) == case.id)
    rows = session.exec(statement).all()
    inside = allowed(session, case, {row.appearance_id for row in rows})
    outside = [row for row in rows if row.appearance_id not in inside]
    for row in outside:
        session.delete(row)
    session.flush()
    _rank(session, {row.person_id for row in outside})
    return len(outside)


def _people_of(session: Session, reference_ids: Collection[int]) -> list[int]:
    statement = select(Reference.person_id).where(col(Reference.id).in_(reference_ids))
    return sorted(session.exec(statement.distinct()))


def _usable(session: Session, reference_ids: Collection[int]) -> dict[int, str]:
    """Which of these references can be compared with, and by which engine."""
    statement = select(Reference.id, Reference.engine).where(
        col(Reference.id).in_(reference_ids), openable()
    )
    return dict(session.exec(statement).all())


def _known(
    session: Session, person_ids: Collection[int], appearance_ids: Collection[int]
) -> dict[tuple[int, int, str], Any]:
    if not appearance_ids:
        return {}
    # All appearances of an archive are more than a statement may name, so it names their range.
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
    """Those that can be stored, that the person's case allows to be looked at, and that no
    reference of the person was cut from."""
    there = _allowed(session, matches)
    there -= cut_from(session, {one.person_id for one in matches})
    return [
        one
        for one in matches
        if (one.person_id, one.appearance_id) in there and one.reference_id in usable
    ]


def _allowed(session: Session, matches: Sequence[Match]) -> set[tuple[int, int]]:
    """Persons and appearances, of those that match, where the person's case allows the footage."""
    found: dict[int, set[int]] = {}
    for match in matches:
        found.setdefault(match.person_id, set()).add(match.appearance_id)
    return {
        (person_id, appearance_id)
        for person_id, case in cases_of(session, found).items()
        for appearance_id in allowed(session, case, found[person_id])
    }


def _delete(session: Session, candidate_ids: Sequence[int]) -> None:
    for some in batches(candidate_ids):
        session.exec(delete(Candidate).where(col(Candidate.id).in_(some)))


def _rank(session: Session, person_ids: Collection[int]) -> None:
    # Distances of different engines cannot be compared.
    apart = [col(Candidate.person_id), col(Candidate.engine)]
    # Of equals, not the one that was processed first: the same footage is to give the same ranks.
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
