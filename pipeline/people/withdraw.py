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
    """Take a photo of a person back, and have what it had found compared with the others.

    `photo` is the file's name, the file itself, or the beginning of its sha256. Returns the
    person's id. Raises WrongUsage when nobody has that name, or when not exactly one photo is
    meant.
    """
    act = caller.act(Action.PERSON_WITHDRAWN)
    with act.on(case_id) as session:
        person_id = find_person(session, case_id, name)
        sha256 = _meant(photo, references(session, person_id))
        _take_back(session, case_id, person_id, sha256, act)
    return person_id


def withdraw_reference(caller: Caller, case_id: int, reference_id: int) -> int:
    """`withdraw` of the photo with this id. Raises NotFound when the case has none."""
    act = caller.act(Action.PERSON_WITHDRAWN)
    with act.on(case_id) as session:
        case_by_id(session, case_id)
        known = photo_in_case(session, case_id, reference_id)
        if known is None:
            raise NotFound("No such photo in use in this case; see its persons of interest.")
        person_id, sha256 = known
        _take_back(session, case_id, person_id, sha256, act)
    return person_id


def person_called(caller: Caller, case_id: int, name: str) -> int:
    """The id of a person of a case. Raises WrongUsage when it has nobody of that name."""
    with reading(caller.database) as session:
        return find_person(session, case_id, name)


def withdraw_person(caller: Caller, case_id: int, person_id: int) -> None:
    """Forget a person with every reference and candidate.

    Raises NotAuthorised when there is no such case, NotFound when it has no such person,
    StoreUnavailable.
    """
    act = caller.act(Action.PERSON_WITHDRAWN)
    with act.on(case_id) as session:
        case_by_id(session, case_id)
        if person_id not in (one.id for one in people_in(session, case_id)):
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


def _meant(photo: str, known: Sequence[Reference]) -> str:
    in_use = [one for one in known if one.verdict != WITHDRAWN]
    file = sha256_of(Path(photo))
    meant = {
        one.photo_sha256
        for one in in_use
        if one.photo_sha256 == file
        or one.photo_name == photo
        or (len(photo) >= SHORTEST_SHA256 and one.photo_sha256.startswith(photo.lower()))
    }
    if len(meant) != 1:
        there = ", ".join(f"{one.photo_name} ({one.photo_sha256[:12]})" for one in in_use)
        count = "Several photos are" if meant else "No photo in use is"
        raise WrongUsage(f"{count} called that; name one of: {there or 'none'}.")
    return meant.pop()
