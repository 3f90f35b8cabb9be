"""Enrol persons of interest."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from faces.engine import FaceEngine
from pipeline.act import Act, Caller
from pipeline.context import Context
from pipeline.people.disagreements import disagreements
from pipeline.people.portraits import Kept, Portrait, examine
from storage.access.audit import Action
from storage.cases.cases import case_in_force
from storage.cases.people import AS_IT_IS, Standing, add_person
from storage.cases.references import NewReference, add_reference, reference_ids, reference_set
from storage.database.database import Session, reading
from storage.files.keys import Keyring
from storage.files.sealed import Album
from storage.results import rematches
from storage.results.rematches import Cause
from storage.results.seen import Seen


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A person and the assessment of each photo."""

    person_id: int
    portraits: list[Portrait]
    disagreements: tuple[str, ...] = ()
    """A sentence for each two photos of the person that may not show the same person."""
    members: tuple[Seen, ...] = ()
    """Of the group that became the person, by recording and time; empty if it was no group."""


def enrol_person(
    caller: Caller,
    case_id: int,
    name: str,
    photos: Sequence[Path | Kept],
    *,
    engine: FaceEngine,
    context: Context,
    standing: Standing = AS_IT_IS,
    photo_source: str | None = None,
) -> Enrolled:
    """Assess every photo and store the person with all readable photos, usable or not.

    If a usable photo is new, the person is to be compared again, in the caller's name. The same
    photos again change nothing. What a `standing` states replaces what is stored. Raises
    NotAuthorised when the case is not in force, ModelUnavailable, StoreUnavailable.
    """
    act = caller.act(Action.PERSON_ENROLLED)
    with act.refusals(case_id), reading(caller.database) as session:
        case_in_force(session, case_id, caller.now)  # before any face is detected
    portraits = [examine(photo, engine) for photo in photos]
    readable = [portrait for portrait in portraits if portrait.sha256]
    album = context.media.of_case(case_id)
    references = [_reference(portrait, engine, album, photo_source) for portrait in readable]
    with act.on(case_id) as session:
        case_in_force(session, case_id, caller.now)
        person_id = add_person(
            session,
            case_id=case_id,
            name=name,
            now=caller.now,
            standing=standing,
            asked_by=caller.actor,
        )
        ids = _added(session, person_id, references, engine, act, context.media.keys)
        found = disagreements(session, person_id, engine.card, keys=context.media.keys)
        act.record(
            session,
            case_id,
            person_id=person_id,
            reference_ids=ids,
            reference_set_sha256=reference_set(session, ids),
            photo_sha256s=[portrait.sha256 for portrait in readable],
            engine=engine.card.name,
            weights_sha256=engine.weights_sha256,
            category=standing.category,
        )
    return Enrolled(person_id, portraits, found)


def _added(
    session: Session,
    person_id: int,
    references: Sequence[NewReference],
    engine: FaceEngine,
    act: Act,
    keys: Keyring,
) -> list[int]:
    """Add the photos and return their ids; a new usable one requests a rematch of the person."""
    before = reference_ids(session, person_id)
    ids = [add_reference(session, person_id, reference, keys=keys) for reference in references]
    usable = {
        id for id, reference in zip(ids, references, strict=True) if reference.vector is not None
    }
    if usable - before:
        rematches.ask(
            session,
            person_id,
            engine=engine.card.name,
            cause=Cause.ADDED,
            actor=act.caller.actor,
            now=act.caller.now,
        )
    return ids


def _reference(
    portrait: Portrait, engine: FaceEngine, album: Album, photo_source: str | None
) -> NewReference:
    return NewReference(
        photo_sha256=portrait.sha256,
        photo_name=portrait.name,
        engine=engine.card.name,
        weights_sha256=engine.weights_sha256,
        verdict=portrait.verdict,
        vector=portrait.vector,
        crop=album.save(portrait.crop) if portrait.crop else None,
        quality=portrait.quality if portrait.usable else None,
        source=photo_source,
        appearance_id=portrait.appearance_id,
    )
