"""Candidates a reviewer may still review, as shown before a verdict: no distance, no rank."""

from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeAlias

import sqlalchemy
from sqlalchemy import ColumnElement, and_, func, or_, true
from sqlmodel import Session, col, select

from storage.results.seen import Seen, select_seen, take_seen
from storage.results.verdicts import Key, Shown, Snapshot, join_candidates
from storage.tables import Appearance, Candidate, Decoy, Person, Plan, Reference, Verdict
from storage.vectors.models import is_shown

Source: TypeAlias = type[Candidate] | type[Decoy]


@dataclass(frozen=True, slots=True)
class ShownReference:
    """A usable photo of the person, by the name of its crop."""

    id: int
    crop: str
    quality: float


@dataclass(frozen=True, slots=True)
class BlindView:
    """A candidate as a reviewer sees it before deciding."""

    key: Key
    case_id: int
    person: str
    seen: Seen
    references: tuple[ShownReference, ...]
    """The closest reference first; its distance is not given."""

    @property
    def shown(self) -> str:
        """A hash of the pictures, by which a verdict says what its reviewer saw."""
        pictures = [self.seen.best_crop, *(str(one.id) for one in self.references)]
        return sha256(" ".join(pictures).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Measured:
    """The measurements of a candidate: stored with a verdict, not shown before it."""

    reference_id: int
    distance: float
    threshold: float
    engine: str
    plan_key: str
    seeded: bool
    photo_sha256: str
    photo_name: str


def undecided(
    session: Session, case_id: int, *, account_id: int, without: Collection[int] = ()
) -> list[Key]:
    """Candidates and decoys of a case that this account may still review, in no order.

    Leaves out the people `without`, by id.
    """
    wanted = and_(col(Person.case_id) == case_id, col(Person.id).not_in(without))
    keys = {
        Key(*pair)
        for source in (Candidate, Decoy)
        for pair in session.execute(_pairs(source).where(wanted))
    }
    return list(keys - _closed(session, case_id, account_id))


def look(session: Session, key: Key) -> tuple[BlindView, Measured] | None:
    """The blind view and the measurements of a candidate or decoy; None if it no longer exists."""
    for source in (Decoy, Candidate):
        row = session.execute(_whole(source, key)).mappings().one_or_none()
        if row is not None:
            seen, others = take_seen(row)
            case_id, person = others.pop("case_id"), others.pop("person")
            numbers = Measured(**others, plan_key=seen.plan, seeded=source is Decoy)
            photos = _references(session, key.person_id, numbers)
            return BlindView(key, case_id, person, seen, photos), numbers
    return None


def what_is_shown(shown: BlindView, numbers: Measured) -> Shown:
    """What a verdict given now counts for."""
    return Shown(numbers.engine, numbers.reference_id, shown.seen.best_crop)


def snapshot(shown: BlindView, numbers: Measured, *, below_floor: bool) -> Snapshot:
    """What is stored with a verdict on a candidate or decoy."""
    seen = shown.seen
    return Snapshot(
        recording_sha256=seen.recording_sha256,
        start_ms=seen.start_ms,
        end_ms=seen.end_ms,
        best_ms=seen.best_ms,
        crop=seen.best_crop,
        quality=seen.quality,
        distance=numbers.distance,
        threshold=numbers.threshold,
        reference_id=numbers.reference_id,
        engine=numbers.engine,
        plan_key=numbers.plan_key,
        seeded=numbers.seeded,
        below_floor=below_floor,
        photo_sha256=numbers.photo_sha256,
        photo_name=numbers.photo_name,
    )


def _pairs(source: Source) -> sqlalchemy.Select[int, int]:
    pair = sqlalchemy.select(col(source.person_id), col(source.appearance_id))
    return pair.join(Person, col(source.person_id) == Person.id).where(_is_shown(source))


def _is_shown(source: Source) -> ColumnElement[bool]:
    """Candidates of the engine in use; all decoys."""
    return is_shown(col(Candidate.engine)) if source is Candidate else true()


def _closed(session: Session, case_id: int, account_id: int) -> set[Key]:
    """Candidates and decoys that this account has reviewed as they are now, or two others have."""
    key = (col(Verdict.person_id), col(Verdict.appearance_id))
    own = func.sum(sqlalchemy.case((col(Verdict.account_id) == account_id, 1), else_=0))
    given = (
        sqlalchemy.select(*key)
        .join(Person, col(Verdict.person_id) == Person.id)
        .where(col(Person.case_id) == case_id)
        .group_by(*key)
        .having(or_(func.count() > 1, own > 0))
    )
    # A decoy is always shown beside the photo that it was chosen for.
    on_decoys = given.where(col(Verdict.seeded))
    pairs = [*session.execute(join_candidates(given)), *session.execute(on_decoys)]
    return {Key(*pair) for pair in pairs}


def _whole(source: Source, key: Key) -> sqlalchemy.Select[*tuple[Any, ...]]:
    on = and_(
        col(source.person_id) == key.person_id, col(source.appearance_id) == key.appearance_id
    )
    columns: dict[str, Any] = {
        "case_id": Person.case_id,
        "person": Person.name,
        "reference_id": source.reference_id,
        "distance": source.distance,
        "threshold": source.threshold,
        "photo_sha256": Reference.photo_sha256,
        "photo_name": Reference.photo_name,
        # A candidate's engine is not always the one the footage was processed with.
        "engine": Candidate.engine if source is Candidate else Plan.engine,
    }
    return (
        select_seen(**columns)
        .join(source, col(source.appearance_id) == col(Appearance.id))
        .join(Person, col(source.person_id) == col(Person.id))
        .join(Reference, col(source.reference_id) == col(Reference.id))
        .where(on, _is_shown(source))
    )


def _references(session: Session, person_id: int, numbers: Measured) -> tuple[ShownReference, ...]:
    statement = select(Reference).where(
        col(Reference.person_id) == person_id,
        col(Reference.engine) == numbers.engine,
        col(Reference.crop).is_not(None),
    )
    closest = numbers.reference_id
    rows = sorted(session.exec(statement), key=lambda row: (row.id != closest, row.id))
    return tuple(ShownReference(row.id, row.crop or "", row.quality or 0.0) for row in rows)
