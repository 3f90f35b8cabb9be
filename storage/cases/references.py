"""Reference photos with their assessments."""

import json
import logging
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, and_, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from storage import tables
from storage.cases.gallery import usable
from storage.cases.people import lock_people
from storage.cases.sealed_vectors import ALTERED, openable, seal, verdict_on
from storage.files.keys import Keyring

log = logging.getLogger(__name__)

_AROUND = ("photo_name", "source", "appearance_id")
"""Fields that do not change how the photo is embedded. The name stays the first one."""
WITHDRAWN = "Withdrawn."
"""The assessment of a withdrawn photo."""


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """One photo of a person as embedded by one engine; its vector stays sealed."""

    photo_sha256: str
    photo_name: str
    engine: str
    weights_sha256: str
    verdict: str
    """The assessment, for display; if the photo was rejected, with the reason."""
    crop: str | None
    quality: float | None
    source: str | None = None
    """Where the photo is from; None if not stated."""
    appearance_id: int | None = None
    """The appearance it was cut from, if it is not a photo."""


@dataclass(frozen=True, slots=True, eq=False)
class NewReference(Reference):
    """A reference to be added, with the vector to be sealed."""

    vector: NDArray[np.float32] | None = None
    """Shape [d]; None for a rejected photo."""


_FIELDS = Reference.__slots__


def add_reference(
    session: Session, person_id: int, reference: NewReference, *, keys: Keyring
) -> int:
    """Store a photo and its assessment; the same photo again changes nothing.

    If its embedding differs from before (other weights, for example), the earlier reference and its
    candidates are deleted. Returns the id.
    Raises WrongUsage under a different master key, ValueError for an invalid vector.
    """
    lock_people(session, [person_id])
    row = _sealed(session, person_id, reference, keys)
    natural = {name: getattr(row, name) for name in ("person_id", "photo_sha256", "engine")}
    earlier = session.exec(select(tables.Reference).filter_by(**natural)).one_or_none()
    if earlier is not None:
        if _same(earlier, row):
            earlier.source = reference.source or earlier.source
            earlier.appearance_id = reference.appearance_id or earlier.appearance_id
            return earlier.id
        _forget(session, earlier)
    session.add(row)
    session.flush()
    return row.id


def cut_from(session: Session, person_ids: Collection[int]) -> set[tuple[int, int]]:
    """(person id, appearance id) of appearances that a reference in use was cut from: that such an
    appearance is close to its own reference means nothing."""
    statement = select(tables.Reference.person_id, col(tables.Reference.appearance_id)).where(
        col(tables.Reference.person_id).in_(person_ids),
        col(tables.Reference.appearance_id).is_not(None),
        col(tables.Reference.withdrawn_at).is_(None),
    )
    return {(person_id, id) for person_id, id in session.exec(statement) if id is not None}


def left_out(session: Session, case_id: int) -> dict[str, int]:
    """How many appearances are not candidates because of `cut_from`, by the person's name."""
    people = select(tables.Person.id, tables.Person.name).filter_by(case_id=case_id)
    names = dict(session.exec(people).all())
    numbers = Counter(names[person_id] for person_id, _ in cut_from(session, list(names)))
    return dict(sorted(numbers.items()))


def withdraw_photo(session: Session, person_id: int, photo_sha256: str, now: datetime) -> list[str]:
    """Withdraw a photo: its rows, one for each engine, stay without vector and crop.

    Its candidates are to be compared with the person's other photos. Returns the engines whose
    candidates may change; empty if no such photo is in use.
    """
    lock_people(session, [person_id])
    of_photo = and_(
        col(tables.Reference.person_id) == person_id,
        col(tables.Reference.photo_sha256) == photo_sha256,
        col(tables.Reference.withdrawn_at).is_(None),
    )
    engines = []
    for row in session.exec(select(tables.Reference).where(of_photo)).all():
        if row.key_id is not None:
            engines.append(row.engine)
        row.sealed_vector = row.key_id = row.crop = row.quality = None
        row.verdict, row.withdrawn_at = WITHDRAWN, now
    session.flush()
    return sorted(engines)


def give_up(session: Session, reference_ids: Sequence[int]) -> None:
    """Stop comparing with references whose vectors were altered, and set their assessment."""
    if reference_ids:
        log.error("vectors of photos %s were altered since they were kept", reference_ids)
        these = col(tables.Reference.id).in_(reference_ids)
        lost = {"sealed_vector": None, "key_id": None, "verdict": ALTERED}
        session.exec(update(tables.Reference).where(these).values(**lost))


def references(session: Session, person_id: int) -> list[Reference]:
    """All photos of a person, also rejected ones, in the order they were added."""
    statement = select(tables.Reference).filter_by(person_id=person_id)
    return [_reference(row) for row in session.exec(statement.order_by(col(tables.Reference.id)))]


def reference_ids(session: Session, person_id: int) -> set[int]:
    """The ids of all references of a person, also of rejected and withdrawn ones."""
    return set(session.exec(select(tables.Reference.id).filter_by(person_id=person_id)))


def references_by_case(session: Session, reference_ids: Collection[int]) -> dict[int, list[int]]:
    """These references by the id of their case, in order."""
    statement = (
        select(tables.Person.case_id, tables.Reference.id)
        .join(tables.Reference)
        .where(col(tables.Reference.id).in_(reference_ids))
        .order_by(col(tables.Person.case_id), col(tables.Reference.id))
    )
    by_case: dict[int, list[int]] = {}
    for case_id, reference_id in session.exec(statement):
        by_case.setdefault(case_id, []).append(reference_id)
    return by_case


def reference_set(session: Session, reference_ids: Collection[int]) -> str:
    """The sha256 of a set of references: each one's id, photo, engine and weights."""
    row = tables.Reference
    statement = select(row.id, row.photo_sha256, row.engine, row.weights_sha256).where(
        col(row.id).in_(reference_ids)
    )
    listed = [list(values) for values in session.exec(statement.order_by(col(row.id)))]
    return sha256(json.dumps(listed).encode()).hexdigest()


def photos_without(session: Session, engine: str, now: datetime) -> list[tuple[int, Reference]]:
    """(person id, photo) of usable photos of people in force that an engine has not embedded."""
    embedded = aliased(tables.Reference)
    by_engine = select(embedded.id).where(
        embedded.person_id == col(tables.Reference.person_id),
        embedded.photo_sha256 == col(tables.Reference.photo_sha256),
        embedded.engine == engine,
    )
    statement = (
        select(tables.Reference)
        .join(tables.Person)
        .join(tables.Case)
        .where(usable(now), ~by_engine.exists())
        .order_by(col(tables.Reference.id))
    )
    photos: dict[tuple[int, str], Reference] = {}
    for row in session.exec(statement):
        photos.setdefault((row.person_id, row.photo_sha256), _reference(row))
    return [(person_id, photo) for (person_id, _), photo in photos.items()]


def photos_of(session: Session, reference_ids: Sequence[int]) -> dict[int, list[str]]:
    """The photos (sha256) of these references, by person id, sorted."""
    return _photos(session, col(tables.Reference.id).in_(reference_ids))


def photos_by_person(session: Session, engine: str) -> dict[int, list[str]]:
    """The usable photos (sha256) that an engine embedded, by person id, sorted."""
    return _photos(session, and_(openable(), col(tables.Reference.engine) == engine))


def photo_hashes(session: Session, case_id: int) -> set[str]:
    """The sha256 of every photo in use by a case."""
    statement = (
        select(tables.Reference.photo_sha256)
        .join(tables.Person)
        .where(col(tables.Person.case_id) == case_id, col(tables.Reference.withdrawn_at).is_(None))
    )
    return set(session.exec(statement))


def _photos(session: Session, which: ColumnElement[bool]) -> dict[int, list[str]]:
    by_person: dict[int, list[str]] = {}
    statement = select(tables.Reference.person_id, tables.Reference.photo_sha256).where(which)
    for person, photo in session.exec(statement.order_by(col(tables.Reference.photo_sha256))):
        by_person.setdefault(person, []).append(photo)
    return by_person


def _forget(session: Session, row: tables.Reference) -> None:
    # The new row gets an id of its own, so that a comparison still running with the old vector
    # cannot be mistaken for one with the new vector.
    session.delete(row)
    session.flush()


def _sealed(
    session: Session, person_id: int, reference: NewReference, keys: Keyring
) -> tables.Reference:
    row = tables.Reference(
        person_id=person_id, **{field: getattr(reference, field) for field in _FIELDS}
    )
    if reference.vector is not None:
        case_id = session.get_one(tables.Person, person_id).case_id
        seal(row, reference.vector, keys.in_transaction(session, case_id))
    return row


def _reference(row: tables.Reference) -> Reference:
    values = {field: getattr(row, field) for field in _FIELDS}
    return Reference(**values | {"verdict": verdict_on(row)})


def _same(a: tables.Reference, b: tables.Reference) -> bool:
    # Sealing twice gives the same bytes, so no vector needs to be opened for this.
    fields = [field for field in (*_FIELDS, "sealed_vector", "key_id") if field not in _AROUND]
    return all(getattr(a, field) == getattr(b, field) for field in fields)
