"""Who asked for a person, by the audit log: who added a photo of them, or searched for them."""

import json
from collections.abc import Iterator
from typing import Any

from sqlmodel import Session, col, select

from storage.access.audit import Action, acts_on
from storage.tables import Person, Reference


def requesters(session: Session, case_id: int) -> dict[int, set[str]]:
    """By person of a case: the actors who added any photo of them, or searched in the case with a
    photo that was ever one of theirs. Everybody has an entry."""
    # The log also knows photos that were withdrawn, and who added a photo that was added again.
    people = session.exec(select(Person.id, Person.asked_by).filter_by(case_id=case_id)).all()
    actors = {id: {asked_by} if asked_by else set() for id, asked_by in people}
    photos = _photos(session, case_id, actors.keys())
    for actor, objects in _acts(session, case_id, Action.PERSON_ENROLLED):
        person_id = objects.get("person_id")
        if person_id in actors:
            actors[person_id].add(actor)
            photos[person_id].update(objects.get("photo_sha256s", ()))
    for actor, objects in _acts(session, case_id, Action.SEARCHED):
        searched = set(objects.get("photo_sha256s", ()))
        for person_id in actors:
            if photos[person_id] & searched:
                actors[person_id].add(actor)
    return actors


def _photos(session: Session, case_id: int, people: Any) -> dict[int, set[str]]:
    of_case = select(Reference.person_id, Reference.photo_sha256).join(Person)
    photos: dict[int, set[str]] = {id: set() for id in people}
    for person_id, sha256 in session.exec(of_case.where(col(Person.case_id) == case_id)):
        photos[person_id].add(sha256)
    return photos


def _acts(session: Session, case_id: int, action: Action) -> Iterator[tuple[str, dict[str, Any]]]:
    for actor, objects in acts_on(session, case_id, action):
        yield actor, json.loads(objects)
