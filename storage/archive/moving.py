"""Adjust a restored archive: no worker holds a segment, no one is logged in, and its uploaded
footage is in another folder."""

import os
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import update
from sqlmodel import Session, col, delete, select

from storage.jobs.states import BACK, change
from storage.tables import Recording, Segment, State, WebSession


def let_go(session: Session) -> int:
    """Release every segment that a worker held when the backup was taken; returns how many.

    The attempts do not count: those workers did not fail, they do not exist here.
    """
    running = col(Segment.state) == State.RUNNING
    return len(change(session, running, **BACK, attempts=col(Segment.attempts) - 1))


def log_out(session: Session) -> None:
    """End all browser sessions: some were ended after the backup, and it is unknown which."""
    session.exec(delete(WebSession))


def move_footage(session: Session, moved: Mapping[Path, tuple[Path, int]]) -> int:
    """Change the paths of recordings; returns how many.

    `moved` gives, by the old path, the new path and the file's modification time in nanoseconds.
    """
    number = 0
    for id, path in session.exec(select(Recording.id, Recording.path)).all():
        place = moved.get(Path(os.fsdecode(path)))
        if place is not None:
            values = {"path": os.fsencode(place[0]), "modified_ns": place[1]}
            session.exec(update(Recording).where(col(Recording.id) == id).values(**values))
            number += 1
    return number
