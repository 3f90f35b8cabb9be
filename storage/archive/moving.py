"""An archive that was restored: nobody works on it or is logged in, and its uploaded footage lies
in another folder."""

import os
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import update
from sqlmodel import Session, col, delete, select

from storage.jobs.states import BACK, change
from storage.tables import Recording, Segment, State, WebSession


def let_go(session: Session) -> int:
    """Take back every segment that a worker had when the backup was taken; returns how many.

    No attempt counts: those workers did not fail, they are not here.
    """
    running = col(Segment.state) == State.RUNNING
    return len(change(session, running, **BACK, attempts=col(Segment.attempts) - 1))


def log_out(session: Session) -> None:
    """End every browser's session: some were ended after the backup, nobody knows which."""
    session.exec(delete(WebSession))


def move_footage(session: Session, moved: Mapping[Path, tuple[Path, int]]) -> int:
    """Recordings by path get another path, and the modification time of the file there; returns
    how many."""
    number = 0
    for id, path in session.exec(select(Recording.id, Recording.path)).all():
        place = moved.get(Path(os.fsdecode(path)))
        if place is not None:
            values = {"path": os.fsencode(place[0]), "modified_ns": place[1]}
            session.exec(update(Recording).where(col(Recording.id) == id).values(**values))
            number += 1
    return number
