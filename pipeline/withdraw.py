"""Take reference photos back."""

from collections.abc import Sequence
from pathlib import Path

from errors import WrongUsage
from pipeline.clock import utc_now
from pipeline.portraits import sha256_of
from storage import rematches
from storage.database import Engine, writing
from storage.people import WITHDRAWN, Reference, find_person, references, withdraw_photo
from storage.rematches import WORKER, Cause

SHORTEST_SHA256 = 8


def withdraw(name: str, photo: str, *, case_id: int, database: Engine, actor: str = WORKER) -> int:
    """Take a photo of a person back, and have what it had found compared with the others.

    `photo` is the file's name, the file itself, or the beginning of its sha256. Returns the
    person's id. Raises WrongUsage when nobody has that name, or when not exactly one photo is
    meant.
    """
    now = utc_now()
    with writing(database) as session:
        person_id = find_person(session, case_id, name)
        sha256 = _meant(photo, references(session, person_id))
        for engine in withdraw_photo(session, person_id, sha256, now):
            rematches.ask(
                session, person_id, engine=engine, cause=Cause.WITHDRAWN, actor=actor, now=now
            )
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
