"""The content of a job's database, without ids, times of day, attempts and owners."""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any

from sqlmodel import Session, col, select

from errors import PictureLost, StoreUnavailable
from storage.database.database import Engine, reading
from storage.files.sealed import SealedMedia
from storage.tables import (
    Analysis,
    Appearance,
    Candidate,
    Embedding,
    Person,
    Recording,
    Reference,
    Segment,
    Sighting,
)

ANALYSIS = ("plan_key", "state")
SEGMENT = ("index", "start_ms", "end_ms", "state", "decoded_frames", "sampled_frames", "faces",
           "decoded_ms", "gaps", "reason")  # fmt: skip
PRESENCE = ("ordinal", "start_ms", "end_ms", "best_ms", "box_x", "box_y", "box_width", "box_height",
            "score", "quality", "faces")  # fmt: skip
CANDIDATE = ("engine", "distance", "threshold", "rank")


def content(database: Engine, media: SealedMedia, *, without: Collection[str] = ()) -> Counter[str]:
    """One line per row, with its number of occurrences; `without` names recordings to leave out.

    Pictures are compared after decryption, because every archive encrypts differently. Raises
    StoreUnavailable.
    """
    with reading(database) as session:
        left_out = col(Recording.name).in_(without)
        recordings = session.exec(select(Recording).where(~left_out)).all()
        return Counter(
            line for recording in recordings for line in _lines(session, recording, media)
        )


def crops(database: Engine) -> set[str]:
    """Names of all crops that results refer to."""
    with reading(database) as session:
        columns = (col(Sighting.crops), col(Appearance.crops))
        lists = (names for column in columns for names in session.exec(select(column)))
        return {name for names in lists for name in names}


def fingerprint(lines: Counter[str]) -> str:
    """A hash of the content, 16 hex digits."""
    return hashlib.sha256("\n".join(sorted(lines.elements())).encode()).hexdigest()[:16]


def _lines(session: Session, recording: Recording, media: SealedMedia) -> Iterator[str]:
    name = recording.sha256[:12]
    for analysis in session.exec(select(Analysis).filter_by(recording_id=recording.id)):
        yield _line("analysis", name, _values(analysis, ANALYSIS))
        for segment in session.exec(select(Segment).filter_by(analysis_id=analysis.id)):
            yield _line("segment", name, _values(segment, SEGMENT))
            for sighting in session.exec(select(Sighting).filter_by(segment_id=segment.id)):
                vector = sighting.vector.tobytes().hex()
                yield _line("sighting", name, segment.index, _presence(sighting, media), vector)
        for appearance in session.exec(select(Appearance).filter_by(analysis_id=analysis.id)):
            yield _line("appearance", name, _presence(appearance, media))
            yield from _embeddings(session, name, appearance)
            yield from _candidates(session, name, appearance)


def _embeddings(session: Session, name: str, appearance: Appearance) -> Iterator[str]:
    for row in session.exec(select(Embedding).filter_by(appearance_id=appearance.id)):
        vector = row.vector.tobytes().hex()
        yield _line("embedding", name, appearance.ordinal, row.engine, row.weights_sha256, vector)


def _candidates(session: Session, name: str, appearance: Appearance) -> Iterator[str]:
    statement = (
        select(Candidate, Person.name, Reference.photo_sha256)
        .join(Person, col(Candidate.person_id) == Person.id)
        .join(Reference, col(Candidate.reference_id) == Reference.id)
        .where(col(Candidate.appearance_id) == appearance.id)
    )
    for candidate, person, photo in session.exec(statement):
        yield _line(
            "candidate", name, appearance.ordinal, person, photo, _values(candidate, CANDIDATE)
        )


def _presence(row: Sighting | Appearance, media: SealedMedia) -> list[Any]:
    pictures = [_seen(name, media) for name in row.crops]
    return [*_values(row, PRESENCE), pictures]


def _seen(crop: str, media: SealedMedia) -> str:
    try:
        return hashlib.sha256(media.read(crop)).hexdigest()
    except (PictureLost, StoreUnavailable):
        return "missing"


def _values(row: object, columns: tuple[str, ...]) -> list[Any]:
    return [getattr(row, column) for column in columns]


def _line(*values: Any) -> str:
    return json.dumps(values, sort_keys=True)
