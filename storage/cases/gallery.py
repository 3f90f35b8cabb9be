"""The gallery: usable photos of people whose case is in force, and which of them were compared."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, and_, or_, update
from sqlmodel import Session, col, select

from storage import tables
from storage.cases.cases import in_force
from storage.cases.sealed_vectors import openable, opened, with_keys
from storage.files.keys import Keyring
from storage.tables.vectors import matrix


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """The usable references: row i of `vectors` is `reference_ids[i]`, of `person_ids[i]`."""

    person_ids: list[int]
    reference_ids: list[int]
    vectors: NDArray[np.float32]
    """Shape [m, d], or [0, 0] if there are none."""
    altered: list[int]
    """Ids of references that cannot be compared because their vectors were altered."""


def gallery(
    session: Session,
    *,
    keys: Keyring,
    engine: str,
    now: datetime,
    person_ids: Sequence[int] | None = None,
) -> Gallery:
    """The usable references of people whose case is in force; only of `person_ids`, if given.

    Raises WrongUsage under a different master key.
    """
    wanted = and_(usable(now), col(tables.Reference.engine) == engine)
    if person_ids is not None:
        wanted = and_(wanted, col(tables.Person.id).in_(person_ids))
    statement = (
        with_keys()
        .join(tables.Person, col(tables.Reference.person_id) == tables.Person.id)
        .join(tables.Case, col(tables.Person.case_id) == tables.Case.id)
        .where(wanted)
        .order_by(col(tables.Person.id), col(tables.Reference.id))
    )
    sealed = session.exec(statement).all()
    pairs = [(row, vector) for (row, _), vector in zip(sealed, opened(keys, sealed), strict=True)]
    whole = [(row, vector) for row, vector in pairs if vector is not None]
    return Gallery(
        [row.person_id for row, _ in whole],
        [row.id for row, _ in whole],
        matrix([vector for _, vector in whole]),
        [row.id for row, vector in pairs if vector is None],
    )


def reference_vectors(
    session: Session, person_ids: Sequence[int], engine: str, *, keys: Keyring
) -> dict[int, NDArray[np.float32]]:
    """Vectors [k, d] of the usable photos of each of these people by an engine, in force or not.

    Raises as `gallery`.
    """
    statement = with_keys().where(
        col(tables.Reference.person_id).in_(person_ids), col(tables.Reference.engine) == engine
    )
    sealed = session.exec(statement.order_by(col(tables.Reference.id))).all()
    by_person: dict[int, list[NDArray[np.float32]]] = {}
    for (row, _), vector in zip(sealed, opened(keys, sealed), strict=True):
        if vector is not None:
            by_person.setdefault(row.person_id, []).append(vector)
    return {person: matrix(vectors) for person, vectors in by_person.items()}


def withdrawn(session: Session, *, engine: str, person_ids: Sequence[int]) -> list[tuple[int, int]]:
    """(person id, reference id) of withdrawn references whose candidates still exist."""
    statement = select(tables.Reference.person_id, tables.Reference.id).where(
        _left_behind(),
        col(tables.Reference.engine) == engine,
        col(tables.Reference.person_id).in_(person_ids),
    )
    return list(session.exec(statement.order_by(col(tables.Reference.id))))


def engines_of(session: Session, person_ids: Sequence[int]) -> list[str]:
    """The engines that embedded a usable photo of these people, or a withdrawn one whose candidates
    still exist."""
    relevant = or_(openable(), _left_behind())
    statement = (
        select(tables.Reference.engine)
        .where(col(tables.Reference.person_id).in_(person_ids), relevant)
        .distinct()
    )
    return list(session.exec(statement.order_by(col(tables.Reference.engine))))


def unmatch(session: Session, case_id: int) -> None:
    """Mark all people of a case as not yet compared with all appearances."""
    people = select(tables.Person.id).where(col(tables.Person.case_id) == case_id)
    of_people = col(tables.Reference.person_id).in_(people)
    session.exec(update(tables.Reference).where(of_people).values(matched_at=None))


def unmatched_people(session: Session, *, now: datetime) -> list[int]:
    """Ids of people in force with a photo that was not yet compared with all appearances, and of
    people with a withdrawn photo whose candidates still exist."""
    statement = (
        select(tables.Person.id)
        .join(tables.Reference)
        .join(tables.Case)
        .where(or_(and_(usable(now), col(tables.Reference.matched_at).is_(None)), _left_behind()))
        .distinct()
        .order_by(col(tables.Person.id))
    )
    return list(session.exec(statement))


def mark_matched(
    session: Session,
    reference_ids: Sequence[int],
    now: datetime,
    *,
    withdrawn: Sequence[int] = (),
) -> None:
    """Store that these references were compared with all appearances.

    A reference that was withdrawn meanwhile remains to be compared, unless it is in `withdrawn`.
    """
    is_in_use = and_(
        col(tables.Reference.id).in_(reference_ids), col(tables.Reference.withdrawn_at).is_(None)
    )
    compared = or_(is_in_use, col(tables.Reference.id).in_(withdrawn))
    session.exec(update(tables.Reference).where(compared).values(matched_at=now))


def usable(now: datetime) -> ColumnElement[bool]:
    """Condition for references with a vector, of people in force whose review is not due."""
    in_review = col(tables.Person.review_at) > now
    return and_(in_force(now), in_review, openable())


def _left_behind() -> ColumnElement[bool]:
    is_withdrawn = col(tables.Reference.withdrawn_at).is_not(None)
    return and_(is_withdrawn, col(tables.Reference.matched_at).is_(None))
