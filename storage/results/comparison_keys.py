"""The keys of comparisons: hashes of what they rest on; see `storage.results.comparisons`."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator
from hashlib import sha256
from typing import Any, TypeAlias

import sqlalchemy
from sqlmodel import Session, col, select

from storage.cases.references import cut_from
from storage.cases.sealed_vectors import openable
from storage.database.batches import batches
from storage.database.moments import milliseconds
from storage.tables import Analysis, Case, CaseRecording, Person, Recording, Reference
from storage.vectors.thresholds import threshold_in_use

PersonKeys: TypeAlias = dict[tuple[int, str], str]
"""By person id and engine; an engine that embedded no usable photo of the person has none."""
_Photos: TypeAlias = dict[tuple[int, str], list[list[Any]]]


def person_keys(
    session: Session, person_ids: Collection[int], *, engine: str | None = None
) -> PersonKeys:
    """Today's keys of these people, with all engines or one.

    A key is made of the engine, its threshold, the usable photos it embedded (with its weights),
    the appearances that photos were cut from, and which footage the case covers.
    """
    photos, footage = _photos_and_footage(session, person_ids, engine)
    cuts = defaultdict(list)
    for person, appearance in sorted(cut_from(session, person_ids)):
        cuts[person].append(appearance)
    engines = {name for _, name in photos}
    thresholds = {name: threshold_in_use(session, name) for name in engines}
    return {
        (person, name): _hash(name, thresholds[name], used, cuts[person], footage[person])
        for (person, name), used in photos.items()
    }


def recording_keys(
    session: Session, recording_ids: Collection[int] | None = None
) -> dict[int, str]:
    """Today's keys of all recordings, or of these, by id.

    A key is made of what decides which cases cover a recording: name, path, recording time, length,
    and the cases it was added for.
    """
    cases = defaultdict(list)
    added = sqlalchemy.select(col(CaseRecording.recording_id), col(CaseRecording.case_id))
    for recording, case in _rows(session, added, CaseRecording.recording_id, recording_ids):
        cases[recording].append(case)
    columns: tuple[Any, ...] = (
        Recording.name,
        Recording.path,
        Recording.captured_ms,
        Recording.duration_ms,
    )
    statement = sqlalchemy.select(col(Recording.id), *map(col, columns))
    return {
        id: _hash(name, path.hex(), captured_ms, duration_ms, sorted(cases[id]))
        for id, name, path, captured_ms, duration_ms in _rows(
            session, statement, Recording.id, recording_ids
        )
    }


def recording_key(session: Session, analysis_id: int) -> str:
    """Today's key of the recording of an analysis."""
    of_analysis = select(Analysis.recording_id).where(col(Analysis.id) == analysis_id)
    recording_id = session.exec(of_analysis).one()
    return recording_keys(session, [recording_id])[recording_id]


def _photos_and_footage(
    session: Session, person_ids: Collection[int], engine: str | None
) -> tuple[_Photos, dict[int, list[Any]]]:
    photo = (Reference.id, Reference.photo_sha256, Reference.weights_sha256)
    covered = (Case.id, Case.sources, Case.footage_from, Case.footage_until)
    columns: tuple[Any, ...] = (Person.id, Reference.engine, *photo, *covered)
    statement = (
        sqlalchemy.select(*map(col, columns))
        .join(Reference, col(Reference.person_id) == col(Person.id))
        .join(Case, col(Person.case_id) == col(Case.id))
        .where(openable())
        .order_by(col(Reference.id))
    )
    if engine is not None:
        statement = statement.where(col(Reference.engine) == engine)
    photos: _Photos = defaultdict(list)
    footage = {}
    for row in _rows(session, statement, Person.id, person_ids):
        person, name, *of_photo, case, sources, begins, ends = row
        photos[person, name].append(of_photo)
        footage[person] = [case, sources, milliseconds(begins), milliseconds(ends)]
    return photos, footage


def _rows(
    session: Session, statement: Any, column: Any, ids: Collection[int] | None
) -> Iterator[Any]:
    if ids is None:
        yield from session.execute(statement)
        return
    for batch in batches(ids):
        yield from session.execute(statement.where(col(column).in_(batch)))


def _hash(*parts: Any) -> str:
    return sha256(json.dumps(parts).encode()).hexdigest()
