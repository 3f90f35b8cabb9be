"""Remember whom a case looks for."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from faces.engine import FaceEngine
from pipeline.clock import utc_now
from pipeline.portraits import Portrait, examine
from pipeline.tools import Tools
from storage.database import writing
from storage.people import Reference, add_person, add_reference
from storage.sealed import Album


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A person and what became of each photo."""

    person_id: int
    portraits: list[Portrait]


def enrol_person(
    name: str, photos: Sequence[Path], *, case_id: int, engine: FaceEngine, tools: Tools
) -> Enrolled:
    """Judge every photo and remember the person with all of them, the refused ones too.

    The same photos again change nothing. Raises ModelUnavailable, StoreUnavailable.
    """
    portraits = [examine(photo, engine) for photo in photos]
    album = tools.media.of_case(case_id)
    references = [_reference(one, engine, album) for one in portraits if one.sha256]
    with writing(tools.database) as session:
        person_id = add_person(session, case_id=case_id, name=name, now=utc_now())
        for reference in references:
            add_reference(session, person_id, reference)
    return Enrolled(person_id, portraits)


def _reference(portrait: Portrait, engine: FaceEngine, album: Album) -> Reference:
    return Reference(
        photo_sha256=portrait.sha256,
        photo_name=portrait.name,
        engine=engine.card.name,
        weights_sha256=engine.weights_sha256,
        verdict=portrait.verdict,
        vector=portrait.vector,
        crop=album.save(portrait.crop) if portrait.crop else None,
        quality=portrait.quality if portrait.usable else None,
    )
