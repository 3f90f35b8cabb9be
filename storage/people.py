"""People a case looks for, and their reference photos with a verdict on each."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, and_, delete, func, or_, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from errors import WrongUsage
from storage import tables
from storage.cases import Case, as_case, in_force
from storage.scope import Scope, within
from storage.tables import Category
from storage.upsert import insert_if_new
from storage.vectors import matrix


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """One photo of a person as one engine sees it."""

    photo_sha256: str
    photo_name: str
    engine: str
    weights_sha256: str
    verdict: str
    """For people to read; says why, if the photo was refused."""
    vector: NDArray[np.float32] | None
    """None for a refused photo."""
    crop: str | None
    quality: float | None
    source: str | None = None
    """Where the photo is from; None where that was not said."""


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Someone a case looks for."""

    id: int
    name: str
    category: Category
    review_at: datetime
    usable_photos: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What a person is to the case, and until when nobody need look at it again."""

    category: Category = Category.OTHER
    review_at: datetime | None = None
    """None: as long as the case lasts."""


WITHDRAWN = "It was withdrawn."
"""The verdict on a photo that was taken back."""


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """The usable references to compare with: row i of `vectors` is reference i, of person i."""

    person_ids: list[int]
    reference_ids: list[int]
    vectors: NDArray[np.float32]
    """Shape [m, d], or [0, 0] when there are none."""


def add_person(
    session: Session,
    *,
    case_id: int,
    name: str,
    now: datetime,
    standing: Standing | None = None,
    asked_by: str | None = None,
) -> int:
    """Remember whom a case looks for; the same name in the same case is the same person's id.

    Another standing takes the place of the one there was. `asked_by` is an actor of the audit log.
    """
    lasts = col(tables.Case.id) == case_id
    expires_at = session.exec(select(tables.Case.expires_at).where(lasts)).one()
    given = standing or Standing()
    values = {"category": given.category, "review_at": given.review_at or expires_at}
    asked = {"asked_at": now, "asked_by": asked_by}
    is_new = insert_if_new(session, tables.Person, case_id=case_id, name=name, **asked, **values)
    person = session.exec(select(tables.Person).filter_by(case_id=case_id, name=name)).one()
    if not is_new and standing is not None:
        person.sqlmodel_update(values)
        session.flush()
    return person.id


def cases_of(session: Session, person_ids: Collection[int]) -> dict[int, Case]:
    """The case that looks for each of these people; who has gone is left out."""
    statement = (
        select(tables.Person.id, tables.Case)
        .join(tables.Case)
        .where(col(tables.Person.id).in_(person_ids))
    )
    return {person_id: as_case(row) for person_id, row in session.exec(statement)}


def people_allowed(session: Session, analysis_id: int, now: datetime) -> list[int]:
    """Whoever may be searched for in a recording: their case is in force and covers it."""
    recording = select(tables.Analysis.recording_id).where(col(tables.Analysis.id) == analysis_id)
    of_cases = [
        case.id
        for case in map(as_case, session.exec(select(tables.Case).where(in_force(now))))
        if session.exec(
            select(tables.Recording.id).where(
                col(tables.Recording.id).in_(recording), within(session, Scope(case))
            )
        ).first()
    ]
    statement = select(tables.Person.id).where(col(tables.Person.case_id).in_(of_cases))
    return list(session.exec(statement))


def references_by_case(session: Session, reference_ids: Collection[int]) -> dict[int, list[int]]:
    """The cases that these references belong to, each with its own of them, in order."""
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


def people_in(session: Session, case_id: int) -> list[PersonRow]:
    """Everyone a case looks for, in the order they were enrolled."""
    statement = (
        select(tables.Person, func.count(col(tables.Reference.id)))
        .outerjoin(
            tables.Reference,
            and_(
                col(tables.Reference.person_id) == col(tables.Person.id),
                col(tables.Reference.vector).is_not(None),
            ),
        )
        .where(col(tables.Person.case_id) == case_id)
        .group_by(col(tables.Person.id))
        .order_by(col(tables.Person.id))
    )
    return [
        PersonRow(person.id, person.name, person.category, person.review_at, photos)
        for person, photos in session.exec(statement)
    ]


def unmatch(session: Session, case_id: int) -> None:
    """Have everyone a case looks for compared again with all appearances."""
    people = select(tables.Person.id).where(col(tables.Person.case_id) == case_id)
    theirs = col(tables.Reference.person_id).in_(people)
    session.exec(update(tables.Reference).where(theirs).values(matched_at=None))


def forget_person(session: Session, person_id: int) -> None:
    """Forget a person with all references, candidates and verdicts."""
    session.exec(delete(tables.Person).where(col(tables.Person.id) == person_id))


def reference_set(session: Session, reference_ids: Collection[int]) -> str:
    """The sha256 of what is compared with: each reference's id, photo, engine and weights."""
    row = tables.Reference
    statement = select(row.id, row.photo_sha256, row.engine, row.weights_sha256).where(
        col(row.id).in_(reference_ids)
    )
    listed = [list(found) for found in session.exec(statement.order_by(col(row.id)))]
    return sha256(json.dumps(listed).encode()).hexdigest()


def add_reference(session: Session, person_id: int, reference: Reference) -> int:
    """Remember a photo and the verdict on it; the same photo again changes nothing.

    If it is seen otherwise than before (other weights, say), the earlier reference and its
    candidates go, and all of the person's photos are to be matched again. Returns the id.
    """
    lock_people(session, [person_id])
    key = {
        "person_id": person_id,
        "photo_sha256": reference.photo_sha256,
        "engine": reference.engine,
    }
    known = session.exec(select(tables.Reference).filter_by(**key)).one_or_none()
    if known is not None:
        if _same(_reference(known), reference):
            known.source = reference.source or known.source
            return known.id
        _forget(session, known)
    row = tables.Reference(person_id=person_id, **_columns(reference))
    session.add(row)
    session.flush()
    return row.id


def find_person(session: Session, case_id: int, name: str) -> int:
    """The id of someone a case looks for. Raises WrongUsage when it has nobody of that name."""
    statement = select(tables.Person.id).filter_by(case_id=case_id, name=name)
    found = session.exec(statement).one_or_none()
    if found is None:
        raise WrongUsage("The case looks for nobody of that name; `enrol` adds people.")
    return found


def reference_ids(session: Session, person_id: int) -> set[int]:
    """The ids of a person's references, whatever became of them."""
    return set(session.exec(select(tables.Reference.id).filter_by(person_id=person_id)))


def withdraw_photo(session: Session, person_id: int, photo_sha256: str, now: datetime) -> list[str]:
    """Take a photo back: its row stays, without vector and crop, for every engine that saw it.

    What it had found is compared with the person's other photos. Returns the engines whose
    candidates that may change; none when no photo like this is in use.
    """
    lock_people(session, [person_id])
    of_photo = and_(
        col(tables.Reference.person_id) == person_id,
        col(tables.Reference.photo_sha256) == photo_sha256,
        col(tables.Reference.withdrawn_at).is_(None),
    )
    engines = []
    for row in session.exec(select(tables.Reference).where(of_photo)).all():
        had_found = row.vector is not None
        if had_found:
            engines.append(row.engine)
            _match_again(session, row)
        row.vector = row.crop = row.quality = None
        row.verdict, row.withdrawn_at = WITHDRAWN, now
        row.matched_at = None if had_found else now
    session.flush()
    return sorted(engines)


def references(session: Session, person_id: int) -> list[Reference]:
    """Every photo of a person, refused ones too, in the order they were added."""
    statement = select(tables.Reference).filter_by(person_id=person_id)
    return [_reference(row) for row in session.exec(statement.order_by(col(tables.Reference.id)))]


def gallery(
    session: Session, *, engine: str, now: datetime, person_ids: Sequence[int] | None = None
) -> Gallery:
    """The usable references of people whose case is in force, of these people only if given."""
    wanted = and_(_usable(now), col(tables.Reference.engine) == engine)
    if person_ids is not None:
        wanted = and_(wanted, col(tables.Person.id).in_(person_ids))
    statement = (
        select(tables.Person.id, tables.Reference.id, col(tables.Reference.vector))
        .join(tables.Reference)
        .join(tables.Case)
        .where(wanted)
        .order_by(col(tables.Person.id), col(tables.Reference.id))
    )
    rows = session.exec(statement).all()
    vectors = [vector for _, _, vector in rows if vector is not None]
    return Gallery([row[0] for row in rows], [row[1] for row in rows], matrix(vectors))


def reference_vectors(
    session: Session, person_ids: Sequence[int], engine: str
) -> dict[int, NDArray[np.float32]]:
    """The usable photos [k, d] of each of these people as an engine sees them, in force or not."""
    statement = select(tables.Reference.person_id, col(tables.Reference.vector)).where(
        col(tables.Reference.person_id).in_(person_ids),
        col(tables.Reference.engine) == engine,
        col(tables.Reference.vector).is_not(None),
    )
    found: dict[int, list[NDArray[np.float32]]] = {}
    for person, vector in session.exec(statement.order_by(col(tables.Reference.id))):
        if vector is not None:
            found.setdefault(person, []).append(vector)
    return {person: matrix(vectors) for person, vectors in found.items()}


def withdrawn(session: Session, *, engine: str, person_ids: Sequence[int]) -> list[tuple[int, int]]:
    """References of these people that were taken back and whose candidates are still there, each
    after its person."""
    statement = select(tables.Reference.person_id, tables.Reference.id).where(
        _left_behind(),
        col(tables.Reference.engine) == engine,
        col(tables.Reference.person_id).in_(person_ids),
    )
    return list(session.exec(statement.order_by(col(tables.Reference.id))))


def photos_without(session: Session, engine: str, now: datetime) -> list[tuple[int, Reference]]:
    """Usable photos of people in force that an engine has not seen, each after its person."""
    seen = aliased(tables.Reference)
    by_it = select(seen.id).where(
        seen.person_id == col(tables.Reference.person_id),
        seen.photo_sha256 == col(tables.Reference.photo_sha256),
        seen.engine == engine,
    )
    statement = (
        select(tables.Reference)
        .join(tables.Person)
        .join(tables.Case)
        .where(_usable(now), ~by_it.exists())
        .order_by(col(tables.Reference.id))
    )
    found: dict[tuple[int, str], Reference] = {}
    for row in session.exec(statement):
        found.setdefault((row.person_id, row.photo_sha256), _reference(row))
    return [(person_id, photo) for (person_id, _), photo in found.items()]


def photos_of(session: Session, reference_ids: Sequence[int]) -> dict[int, list[str]]:
    """The photos (sha256) that these references are, by person, in order."""
    return _photos(session, col(tables.Reference.id).in_(reference_ids))


def photos_by_person(session: Session, engine: str) -> dict[int, list[str]]:
    """The usable photos (sha256) of everybody whom an engine has seen, by person, in order."""
    usable = col(tables.Reference.vector).is_not(None)
    return _photos(session, and_(usable, col(tables.Reference.engine) == engine))


def photo_hashes(session: Session, case_id: int) -> set[str]:
    """The sha256 of every photo that a case searches with."""
    statement = (
        select(tables.Reference.photo_sha256)
        .join(tables.Person)
        .where(col(tables.Person.case_id) == case_id, col(tables.Reference.withdrawn_at).is_(None))
    )
    return set(session.exec(statement))


def _photos(session: Session, which: ColumnElement[bool]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    statement = select(tables.Reference.person_id, tables.Reference.photo_sha256).where(which)
    for person, photo in session.exec(statement.order_by(col(tables.Reference.photo_sha256))):
        found.setdefault(person, []).append(photo)
    return found


def engines_of(session: Session, person_ids: Sequence[int]) -> list[str]:
    """The engines that have looked at a usable photo of these people, or at one taken back."""
    looked_at = or_(col(tables.Reference.vector).is_not(None), _left_behind())
    statement = (
        select(tables.Reference.engine)
        .where(col(tables.Reference.person_id).in_(person_ids), looked_at)
        .distinct()
    )
    return list(session.exec(statement.order_by(col(tables.Reference.engine))))


def unmatched_people(session: Session, *, now: datetime) -> list[int]:
    """People in force with a photo that was not yet compared with all appearances, and whoever had
    a photo withdrawn whose candidates are still there."""
    statement = (
        select(tables.Person.id)
        .join(tables.Reference)
        .join(tables.Case)
        .where(or_(and_(_usable(now), col(tables.Reference.matched_at).is_(None)), _left_behind()))
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
    """Remember that these references were compared with every appearance there is.

    One that was withdrawn meanwhile is still to be looked at, unless it is among `withdrawn`.
    """
    is_in_use = and_(
        col(tables.Reference.id).in_(reference_ids), col(tables.Reference.withdrawn_at).is_(None)
    )
    seen_to = or_(is_in_use, col(tables.Reference.id).in_(withdrawn))
    session.exec(update(tables.Reference).where(seen_to).values(matched_at=now))


def lock_people(session: Session, person_ids: Sequence[int]) -> None:
    """Let nobody else change these people's references and candidates until the commit."""
    statement = select(tables.Person.id).where(col(tables.Person.id).in_(person_ids))
    session.exec(statement.order_by(col(tables.Person.id)).with_for_update()).all()


def _usable(now: datetime) -> ColumnElement[bool]:
    in_review = col(tables.Person.review_at) > now
    return and_(in_force(now), in_review, col(tables.Reference.vector).is_not(None))


def _left_behind() -> ColumnElement[bool]:
    taken_back = col(tables.Reference.withdrawn_at).is_not(None)
    return and_(taken_back, col(tables.Reference.matched_at).is_(None))


def _forget(session: Session, row: tables.Reference) -> None:
    # The row that takes its place gets an id of its own, so that a match still under way cannot be
    # taken for one with the new vector.
    _match_again(session, row)
    session.delete(row)
    session.flush()


def _match_again(session: Session, row: tables.Reference) -> None:
    # Another photo of the person may now be the closest to what this one had found.
    siblings = and_(
        col(tables.Reference.person_id) == row.person_id,
        col(tables.Reference.engine) == row.engine,
    )
    session.exec(update(tables.Reference).where(siblings).values(matched_at=None))


def _columns(reference: Reference) -> dict[str, Any]:
    return {field: getattr(reference, field) for field in Reference.__slots__}


def _reference(row: tables.Reference) -> Reference:
    return Reference(**{field: getattr(row, field) for field in Reference.__slots__})


def _same(a: Reference, b: Reference) -> bool:
    seen = [field for field in Reference.__slots__ if field != "source"]
    return all(np.array_equal(getattr(a, field), getattr(b, field)) for field in seen)
