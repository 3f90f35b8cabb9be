"""Take reference photos back, or look for somebody no longer."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from errors import NotFound, WrongUsage
from pipeline.act import Act, Caller
from pipeline.clock import utc_now
from pipeline.people.portraits import sha256_of
from storage.access.audit import Action
from storage.cases.case_ids import case_by_id
from storage.cases.cases import find_case
from storage.cases.people import find_person, forget_person, people_in
from storage.cases.references import WITHDRAWN, Reference, references, withdraw_photo
from storage.database.database import Engine, Session, reading
from storage.results import rematches
from storage.results.case_view import photo_in_case
from storage.results.rematches import WORKER, Cause

SHORTEST_SHA256 = 8


def withdraw(name: str, photo: str, *, case_id: int, database: Engine, actor: str = WORKER) -> int:
    """Take a photo of a person back, and have what it had found compared with the others.

    `photo` is the file's name, the file itself, or the beginning of its sha256. Returns the
    person's id. Raises WrongUsage when nobody has that name, or when not exactly one photo is
    meant.
    """
    act = Caller(database, actor, utc_now()).act(Action.PERSON_WITHDRAWN)
    with act.on(case_id) as session:
        person_id = find_person(session, case_id, name)
        sha256 = _meant(photo, references(session, person_id))
        _take_back(session, case_id, person_id, sha256, act)
    return person_id


def withdraw_reference(
    reference_id: int, *, case_id: int, database: Engine, actor: str, now: datetime
) -> int:
    """`withdraw` for whoever knows the photo's number. Raises NotFound when the case has none."""
    act = Caller(database, actor, now).act(Action.PERSON_WITHDRAWN)
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


def withdraw_person(name: str, *, case: str, actor: str, database: Engine, now: datetime) -> int:
    """Forget a person with every reference and candidate; returns the id they had.

    Raises NotAuthorised when there is no such case, WrongUsage when it looks for nobody of that
    name, StoreUnavailable.
    """
    act = Caller(database, actor, now).act(Action.PERSON_WITHDRAWN)
    with act.on(case) as session:
        case_id = find_case(session, case).id
        person_id = find_person(session, case_id, name)
        _forget(session, case_id, person_id, act)
    return person_id


def withdraw_person_by_id(
    person_id: int, *, case_id: int, actor: str, database: Engine, now: datetime
) -> None:
    """`withdraw_person` for whoever knows the number. Raises NotFound when the case has none."""
    act = Caller(database, actor, now).act(Action.PERSON_WITHDRAWN)
    with act.on(case_id) as session:
        case_by_id(session, case_id)
        if person_id not in (one.id for one in people_in(session, case_id)):
            raise NotFound("No person of interest with this number; see the case.")
        _forget(session, case_id, person_id, act)


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


def _forget(session: Session, case_id: int, person_id: int, act: Act) -> None:
    forget_person(session, person_id)
    act.record(session, case_id, person_id=person_id, what="person")


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
