"""What a reviewer may still decide on, and what is shown of it: no distance, no rank."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import sqlalchemy
from sqlalchemy import ColumnElement, and_, func, or_, true
from sqlmodel import Session, col, select

from storage.jobs.plans import Provenance
from storage.results.verdicts import Key, Seen
from storage.tables import (
    Analysis,
    Appearance,
    Candidate,
    Decoy,
    Person,
    Plan,
    Recording,
    Reference,
    Verdict,
)
from storage.vectors.models import is_shown

Source: TypeAlias = type[Candidate] | type[Decoy]


@dataclass(frozen=True, slots=True)
class ShownReference:
    """A usable photo of the person, by the name of its crop."""

    id: int
    crop: str
    quality: float


@dataclass(frozen=True, slots=True)
class Sight(Provenance):
    """A candidate as a reviewer sees it before deciding."""

    key: Key
    case_id: int
    person: str
    recording_id: int
    recording: str
    recording_sha256: str
    analysis_id: int
    start_ms: int
    end_ms: int
    best_ms: int
    box: tuple[float, float, float, float]
    """x, y, width, height at `best_ms`, in pixels of the picture that was looked at."""
    faces: int
    quality: float
    crops: tuple[str, ...]
    """Best first."""
    references: tuple[ShownReference, ...]
    """The one that came closest first; how close is not told."""
    cut_by: str | None = None
    """Who cut the face, where it was imported; None where footage was watched."""
    imported_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """What the machine measured of a candidate: kept with a verdict, not shown before it."""

    reference_id: int
    distance: float
    threshold: float
    engine: str
    plan_key: str
    seeded: bool


def undecided(
    session: Session, case_id: int, *, account_id: int, not_asked_by: Collection[str] = ()
) -> list[Key]:
    """What this account may still decide on in a case, decoys among it, in no order.

    Leaves out people who were asked for by one of the actors `not_asked_by`.
    """
    wanted = and_(
        col(Person.case_id) == case_id,
        or_(col(Person.asked_by).is_(None), col(Person.asked_by).not_in(not_asked_by)),
    )
    found = {
        Key(*pair)
        for source in (Candidate, Decoy)
        for pair in session.execute(_pairs(source).where(wanted))
    }
    return list(found - _closed(session, case_id, account_id))


def look(session: Session, key: Key) -> tuple[Sight, Measured] | None:
    """A candidate or a decoy; None when it is gone."""
    for source in (Decoy, Candidate):
        row = session.execute(_whole(source, key)).one_or_none()
        if row is not None:
            references = _references(session, key.person_id, _engine_of(row), row[0].reference_id)
            return _sight(key, row, references), _measured(row, seeded=source is Decoy)
    return None


def asked_by(session: Session, person_id: int) -> str | None:
    """The actor who asked for a person to be searched for, where it was kept."""
    return session.exec(select(Person.asked_by).where(col(Person.id) == person_id)).one_or_none()


def as_seen(shown: Sight, numbers: Measured, *, below_floor: bool) -> Seen:
    """What is kept with a verdict on this."""
    return Seen(
        recording_sha256=shown.recording_sha256,
        start_ms=shown.start_ms,
        end_ms=shown.end_ms,
        best_ms=shown.best_ms,
        crop=shown.crops[0] if shown.crops else "",
        quality=shown.quality,
        distance=numbers.distance,
        threshold=numbers.threshold,
        reference_id=numbers.reference_id,
        engine=numbers.engine,
        plan_key=numbers.plan_key,
        seeded=numbers.seeded,
        below_floor=below_floor,
    )


def _pairs(source: Source) -> sqlalchemy.Select[int, int]:
    pair = sqlalchemy.select(col(source.person_id), col(source.appearance_id))
    return pair.join(Person, col(source.person_id) == Person.id).where(_is_shown(source))


def _is_shown(source: Source) -> ColumnElement[bool]:
    """Of candidates those of the engine in use; decoys always."""
    return is_shown(col(Candidate.engine)) if source is Candidate else true()


def _closed(session: Session, case_id: int, account_id: int) -> set[Key]:
    """What this account has decided on, or two others have."""
    key = (col(Verdict.person_id), col(Verdict.appearance_id))
    own = func.sum(sqlalchemy.case((col(Verdict.account_id) == account_id, 1), else_=0))
    statement = (
        sqlalchemy.select(*key)
        .join(Person, col(Verdict.person_id) == Person.id)
        .where(col(Person.case_id) == case_id)
        .group_by(*key)
        .having(or_(func.count() > 1, own > 0))
    )
    return {Key(*pair) for pair in session.execute(statement)}


def _whole(source: Source, key: Key) -> sqlalchemy.Select[*tuple[Any, ...]]:
    on = and_(
        col(source.person_id) == key.person_id, col(source.appearance_id) == key.appearance_id
    )
    return (
        sqlalchemy.select(source, Appearance, Analysis, Recording, Plan, Person)
        .join(Appearance, col(source.appearance_id) == Appearance.id)
        .join(Analysis, col(Appearance.analysis_id) == Analysis.id)
        .join(Recording, col(Analysis.recording_id) == Recording.id)
        .join(Plan, col(Analysis.plan_key) == Plan.key)
        .join(Person, col(source.person_id) == Person.id)
        .where(on, _is_shown(source))
    )


def _references(
    session: Session, person_id: int, engine: str, closest: int
) -> tuple[ShownReference, ...]:
    statement = select(Reference).where(
        col(Reference.person_id) == person_id,
        col(Reference.engine) == engine,
        col(Reference.crop).is_not(None),
    )
    rows = sorted(session.exec(statement), key=lambda row: (row.id != closest, row.id))
    return tuple(ShownReference(row.id, row.crop or "", row.quality or 0.0) for row in rows)


def _sight(key: Key, row: Any, references: tuple[ShownReference, ...]) -> Sight:
    seen: Appearance = row.Appearance
    return Sight(
        key=key,
        case_id=row.Person.case_id,
        person=row.Person.name,
        recording_id=row.Recording.id,
        recording=row.Recording.name,
        recording_sha256=row.Recording.sha256,
        analysis_id=seen.analysis_id,
        start_ms=seen.start_ms,
        end_ms=seen.end_ms,
        best_ms=seen.best_ms,
        box=(seen.box_x, seen.box_y, seen.box_width, seen.box_height),
        faces=seen.faces,
        quality=seen.quality,
        crops=tuple(seen.crops),
        references=references,
        cut_by=row.Plan.cut_by,
        imported_at=row.Analysis.asked_at if row.Plan.cut_by else None,
    )


def _measured(row: Any, *, seeded: bool) -> Measured:
    found = row[0]
    return Measured(
        found.reference_id,
        found.distance,
        found.threshold,
        _engine_of(row),
        row.Plan.key,
        seeded,
    )


def _engine_of(row: Any) -> str:
    """Who measured the distance: not always the engine that watched the footage."""
    found = row[0]
    return str(found.engine if isinstance(found, Candidate) else row.Plan.engine)
