"""Remember whom a case looks for."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from faces.engine import FaceEngine
from pipeline.clock import utc_now
from pipeline.portraits import Portrait, examine
from pipeline.tools import Tools
from storage import rematches
from storage.database import writing
from storage.people import Reference, add_person, add_reference, reference_ids
from storage.rematches import WORKER, Cause
from storage.sealed import Album


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A person and what became of each photo."""

    person_id: int
    portraits: list[Portrait]


def enrol_person(
    name: str,
    photos: Sequence[Path],
    *,
    case_id: int,
    engine: FaceEngine,
    tools: Tools,
    actor: str = WORKER,
) -> Enrolled:
    """Judge every photo and remember the person with all of them, the refused ones too.

    A photo that is new is compared with all that is kept, in `actor`'s name; the same photos again
    change nothing. Raises ModelUnavailable, StoreUnavailable.
    """
    now = utc_now()
    portraits = [examine(photo, engine) for photo in photos]
    album = tools.media.of_case(case_id)
    references = [_reference(one, engine, album) for one in portraits if one.sha256]
    with writing(tools.database) as session:
        person_id = add_person(session, case_id=case_id, name=name, now=now)
        known = reference_ids(session, person_id)
        ids = [(add_reference(session, person_id, one), one) for one in references]
        if any(id not in known and one.vector is not None for id, one in ids):
            rematches.ask(
                session, person_id, engine=engine.card.name, cause=Cause.ADDED, actor=actor, now=now
            )
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
