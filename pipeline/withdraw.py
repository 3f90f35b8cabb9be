"""Take reference photos back, or look for somebody no longer."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from errors import WrongUsage
from pipeline.act import Act
from pipeline.clock import utc_now
from pipeline.portraits import sha256_of
from storage import rematches
from storage.audit import Action
from storage.cases import find_case
from storage.database import Engine
from storage.people import find_person, forget_person
from storage.references import WITHDRAWN, Reference, references, withdraw_photo
from storage.rematches import WORKER, Cause

SHORTEST_SHA256 = 8


def withdraw(name: str, photo: str, *, case_id: int, database: Engine, actor: str = WORKER) -> int:
    """Take a photo of a person back, and have what it had found compared with the others.

    `photo` is the file's name, the file itself, or the beginning of its sha256. Returns the
    person's id. Raises WrongUsage when nobody has that name, or when not exactly one photo is
    meant.
    """
    act = Act(database, actor, Action.PERSON_WITHDRAWN, utc_now())
    with act.on(case_id) as session:
        person_id = find_person(session, case_id, name)
        sha256 = _meant(photo, references(session, person_id))
        for engine in withdraw_photo(session, person_id, sha256, act.now):
            rematches.ask(
                session,
                person_id,
                engine=engine,
                cause=Cause.WITHDRAWN,
                actor=actor,
                now=act.now,
            )
        act.record(session, case_id, person_id=person_id, photo_sha256=sha256, what="photo")
    return person_id


def withdraw_person(name: str, *, case: str, actor: str, database: Engine, now: datetime) -> int:
    """Forget a person with every reference and candidate; returns the id they had.

    Raises NotAuthorised when there is no such case, WrongUsage when it looks for nobody of that
    name, StoreUnavailable.
    """
    act = Act(database, actor, Action.PERSON_WITHDRAWN, now)
    with act.on(case) as session:
        case_id = find_case(session, case).id
        person_id = find_person(session, case_id, name)
        forget_person(session, person_id)
        act.record(session, case_id, person_id=person_id, what="person")
    return person_id


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
