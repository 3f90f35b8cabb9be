"""`python -m tasks.intake` adds the files in NIGHTREEL_WATCH_FOLDER until it is told to stop."""

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
    """Raise WrongUsage if the watched folder lies in the home folder, or the home folder in it.

    Files that are written there would be taken for footage.
    """
    place, home = folder.resolve(), resources().settings.home_folder.resolve()
    if place.is_relative_to(home) or home.is_relative_to(place):
        raise WrongUsage(
            "The watched folder must not be inside the home folder, nor the home folder inside it; "
            "choose another folder to watch."
        )


def watched_folder(folder: Path, request: Request = AS_USUAL) -> WatchedFolder:
    """The watched folder with the settings in use. Raises as `refuse_home` and `Resources`."""
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
    """Yield every file that is added or rejected from now on.

    While the folder or the database is unavailable it waits, and calls `complain` once. Raises as
    `refuse_home`.
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
    """Queue the new segments; returns whether that succeeded. If not, upkeep does it later."""
    try:
        ask_for_waiting()
    except BrokerUnavailable:
        return False
    return True


def main() -> None:
    """Add files until told to stop. Logs only ids and types; file names stay in the database.

    Raises WrongUsage if no watched folder is configured.
    """
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
            log.warning("a file was rejected")
            continue
        log.info("recording %d was taken in", event.footage.recording_id)
        if not ask_workers():
            log.warning("the queue does not answer; upkeep queues the segments later")


def _log_waiting(error: Transient) -> None:
    log.warning("waiting: %s", type(error).__name__)


if __name__ == "__main__":
    run_service(main, "tasks.intake")
