"""Withdraw reference photos, or a person of interest."""

from collections.abc import Sequence
from pathlib import Path

from errors import NotFound, WrongUsage
from pipeline.act import Act, Caller
from pipeline.people.portraits import sha256_of
from storage.access.audit import Action
from storage.cases.cases import case_by_id
from storage.cases.people import find_person, forget_person, people_in
from storage.cases.references import WITHDRAWN, Reference, references, withdraw_photo
from storage.database.database import Session, reading
from storage.results import rematches
from storage.results.case_view import photo_in_case
from storage.results.rematches import Cause

SHORTEST_SHA256 = 8


def withdraw(caller: Caller, case_id: int, name: str, photo: str) -> int:
    """Withdraw a photo of a person, and request a comparison with the remaining photos.

    `photo` is the file's name, its path, or the beginning of its sha256 (8 digits or more). Returns
    the person's id. Raises NotAuthorised when there is no such case, WrongUsage when it has no
    person of this name, or when `photo` does not match exactly one photo.
    """
    act = caller.act(Action.PERSON_WITHDRAWN)
    with act.on(case_id) as session:
        person_id = find_person(session, case_id, name)
        sha256 = _meant(photo, references(session, person_id))
        _take_back(session, case_id, person_id, sha256, act)
    return person_id


def withdraw_reference(caller: Caller, case_id: int, reference_id: int) -> int:
    """`withdraw` for the photo with this id.

    Raises NotAuthorised when there is no such case, NotFound when it has no such photo in use.
    """
    act = caller.act(Action.PERSON_WITHDRAWN)
    with act.on(case_id) as session:
        case_by_id(session, case_id)
        found = photo_in_case(session, case_id, reference_id)
        if found is None:
            raise NotFound("No such photo in use in this case; see its persons of interest.")
        person_id, sha256 = found
        _take_back(session, case_id, person_id, sha256, act)
    return person_id


def person_called(caller: Caller, case_id: int, name: str) -> int:
    """The id of a person of a case. Raises WrongUsage when it has no person of this name."""
    with reading(caller.database) as session:
        return find_person(session, case_id, name)


def withdraw_person(caller: Caller, case_id: int, person_id: int) -> None:
    """Delete a person with every reference and candidate.

    Raises NotAuthorised when there is no such case, NotFound when it has no such person,
    StoreUnavailable.
    """
    act = caller.act(Action.PERSON_WITHDRAWN)
    with act.on(case_id) as session:
        case_by_id(session, case_id)
        if person_id not in (person.id for person in people_in(session, case_id)):
            raise NotFound("No person of interest with this number; see the case.")
        forget_person(session, person_id)
        act.record(session, case_id, person_id=person_id, what="person")


def _take_back(session: Session, case_id: int, person_id: int, sha256: str, act: Act) -> None:
    for engine in withdraw_photo(session, person_id, sha256, act.caller.now):
        rematches.ask(
            session,
            person_id,
            engine=engine,
            cause=Cause.WITHDRAWN,
            actor=act.caller.actor,
            now=act.caller.now,
        )
    act.record(session, case_id, person_id=person_id, photo_sha256=sha256, what="photo")


def _meant(photo: str, photos: Sequence[Reference]) -> str:
    in_use = [reference for reference in photos if reference.verdict != WITHDRAWN]
    file = sha256_of(Path(photo))
    meant = {
        reference.photo_sha256
        for reference in in_use
        if reference.photo_sha256 == file
        or reference.photo_name == photo
        or (len(photo) >= SHORTEST_SHA256 and reference.photo_sha256.startswith(photo.lower()))
    }
    if len(meant) != 1:
        names = ", ".join(f"{one.photo_name} ({one.photo_sha256[:12]})" for one in in_use)
        count = "Several photos are" if meant else "No photo in use is"
        raise WrongUsage(f"{count} called that; name one of: {names or 'none'}.")
    return meant.pop()
