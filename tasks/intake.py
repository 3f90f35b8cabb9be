"""`python -m tasks.intake` takes in what is put into NIGHTREEL_WATCH_FOLDER, until told to stop."""

import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from errors import BrokerUnavailable, NightreelError, Transient, WrongUsage
from pipeline.intake.intake import Refused, Taken, WatchedFolder
from storage.jobs.recordings import AS_USUAL, Request
from tasks.segments import ask_for_waiting
from worker.entrance import run_service
from worker.logs import log_json_lines
from worker.resources import resources
from worker.serve import NICENESS

log = logging.getLogger(__name__)

LOOK_SECONDS = 3.0


def refuse_home(folder: Path) -> None:
    """Raise WrongUsage when a folder to be watched lies in the home folder, or that in it.

    What is written there would be taken for footage.
    """
    place, home = folder.resolve(), resources().settings.home_folder.resolve()
    if place.is_relative_to(home) or home.is_relative_to(place):
        raise WrongUsage(
            "The watched folder and the home folder must not lie in one another; "
            "choose another folder to watch."
        )


def watched_folder(folder: Path, request: Request = AS_USUAL) -> WatchedFolder:
    """A folder that footage is taken in from, as the settings say. Raises as `refuse_home`."""
    refuse_home(folder)
    mine = resources()
    return WatchedFolder(
        folder,
        context=mine.context,
        plan=mine.plan,
        settle_seconds=mine.settings.settle_seconds,
        request=replace(request, site=mine.site),
    )


def take_in_for_ever(
    folder: Path, request: Request = AS_USUAL, *, complain: Callable[[Transient], None]
) -> Iterator[Taken | Refused]:
    """Everything that is taken or refused from now on.

    While the folder or the database is away it waits, and complains once. Raises as `refuse_home`.
    """
    watched: WatchedFolder | None = None
    trouble = ""
    while True:
        try:
            watched = watched or watched_folder(folder, request)
            yield from watched.look(time.monotonic())
            trouble = ""
        except Transient as error:
            if trouble != str(error):
                trouble = str(error)
                complain(error)
        time.sleep(min(LOOK_SECONDS, resources().settings.settle_seconds))


def ask_workers() -> bool:
    """Whether the workers could be asked for what is new; if not, upkeep does it later."""
    try:
        ask_for_waiting()
    except BrokerUnavailable:
        return False
    return True


def main() -> None:
    """Log what happens by ids and types: the names of files stay in the database."""
    settings = resources().settings
    log_json_lines(logging.getLevelNamesMapping()[settings.log_level])
    os.nice(NICENESS)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    if settings.watch_path is None:
        raise WrongUsage("No watched folder configured; set NIGHTREEL_WATCH_FOLDER.")
    try:
        _take_in(settings.watch_path)
    except NightreelError as error:
        log.error("%s", type(error).__name__)
        sys.exit(error.exit_code)


def _take_in(folder: Path) -> None:
    for event in take_in_for_ever(folder, complain=_log_waiting):
        if isinstance(event, Refused):
            log.warning("a file was refused")
            continue
        log.info("recording %d was taken in", event.footage.recording_id)
        if not ask_workers():
            log.warning("the workers cannot be asked; upkeep does it later")


def _log_waiting(error: Transient) -> None:
    log.warning("waiting: %s", type(error).__name__)


if __name__ == "__main__":
    run_service(main, "tasks.intake")
