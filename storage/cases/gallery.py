"""The gallery: usable photos of people whose case is in force."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, and_
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

    def of(self, person_ids: Collection[int]) -> "Gallery":
        """The references of these people only."""
        rows = [row for row, person in enumerate(self.person_ids) if person in person_ids]
        return Gallery(
            [self.person_ids[row] for row in rows],
            [self.reference_ids[row] for row in rows],
            self.vectors[rows],
            self.altered,
        )


def gallery(
    session: Session,
    *,
    keys: Keyring,
    engine: str,
    now: datetime,
    person_ids: Collection[int] | None = None,
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
) -> dict[int, list[tuple[int | None, NDArray[np.float32]]]]:
    """The vectors [d] of the usable photos of each of these people by an engine, in force or not.

    Each with the appearance that the photo was cut from, if any. Raises as `gallery`.
    """
    statement = with_keys().where(
        col(tables.Reference.person_id).in_(person_ids), col(tables.Reference.engine) == engine
    )
    sealed = session.exec(statement.order_by(col(tables.Reference.id))).all()
    by_person: dict[int, list[tuple[int | None, NDArray[np.float32]]]] = {}
    for (row, _), vector in zip(sealed, opened(keys, sealed), strict=True):
        if vector is not None:
            by_person.setdefault(row.person_id, []).append((row.appearance_id, vector))
    return by_person


def engines_of(session: Session, person_ids: Sequence[int]) -> list[str]:
    """The engines that embedded a usable photo of these people."""
    statement = select(tables.Reference.engine).where(
        col(tables.Reference.person_id).in_(person_ids), openable()
    )
    return list(session.exec(statement.distinct().order_by(col(tables.Reference.engine))))


def usable(now: datetime) -> ColumnElement[bool]:
    """Condition for references with a vector, of people who may be searched for."""
    return and_(may_be_searched_for(now), openable())


def may_be_searched_for(now: datetime) -> ColumnElement[bool]:
    """Condition for people whose case is in force and whose review is not due."""
    return and_(in_force(now), col(tables.Person.review_at) > now)
