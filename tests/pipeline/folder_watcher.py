"""Watching a folder with a clock that the test sets."""

import os
from pathlib import Path

from pipeline.context import Context
from pipeline.intake.intake import Refused, Taken, WatchedFolder
from pipeline.plan import Plan
from storage.database.database import reading
from storage.jobs import refusals
from storage.tables import Recording

SETTLE_SECONDS = 10.0
Event = Taken | Refused


class Watcher:
    """A process that watches one folder, with its own clock."""

    def __init__(self, folder: Path, context: Context, plan: Plan, **others: object) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self.context, self.now = folder, context, 0.0
        self.watched = WatchedFolder(
            folder, context=context, plan=plan, settle_seconds=SETTLE_SECONDS, **others
        )

    def look(self, after_seconds: float = 0.0) -> list[Event]:
        """The events of one check, some time after the previous one."""
        self.now += after_seconds
        return list(self.watched.look(self.now))

    def settle(self) -> list[Event]:
        """The events until all files in the folder have settled."""
        return self.look() + self.look(SETTLE_SECONDS)

    @property
    def refused(self) -> dict[str, str]:
        """The rejected files: names and reasons."""
        with reading(self.context.database) as session:
            return {one.name: one.reason for one in refusals.all_refusals(session)}


def taken(*events: Event) -> list[str]:
    """The names of the files that were added."""
    return [Path(one.path).name for one in events if isinstance(one, Taken)]


def recording_path(event: Event, context: Context) -> Path:
    """The path of the recording that a file was added as."""
    assert isinstance(event, Taken)
    with reading(context.database) as session:
        row = session.get_one(Recording, event.footage.recording_id)
        return Path(os.fsdecode(row.path))
