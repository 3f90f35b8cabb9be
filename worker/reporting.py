"""Reports to the database that this worker is alive, so that all machines' workers are counted."""

import logging
import secrets
import socket
import threading
from collections.abc import Callable

from errors import NightreelError
from pipeline.clock import utc_now
from storage.database.database import Session, writing
from storage.jobs import workers
from worker.resources import resources

log = logging.getLogger(__name__)
STOP_SECONDS = 5.0


class Reporting(threading.Thread):
    """Reports every few seconds until stopped, then reports that the worker has ended.

    A failed report is only logged: the worker is counted again with the next one.
    """

    def __init__(self, processes: int) -> None:
        super().__init__(name="reporting", daemon=True)
        self._worker = secrets.token_hex(8)
        self._processes = processes
        self._stopped = threading.Event()

    def run(self) -> None:
        """Report until stopped."""
        while not self._stopped.is_set():
            self._write(self._alive)
            self._stopped.wait(workers.REPORT_SECONDS)
        self._write(self._gone)

    def stop(self) -> None:
        """Stop reporting; waits for a few seconds only, so that a database that does not respond
        does not delay the worker's end."""
        self._stopped.set()
        self.join(STOP_SECONDS)

    def _write(self, what: Callable[[Session], None]) -> None:
        try:
            with writing(resources().database) as session:
                what(session)
        except NightreelError as error:
            log.warning("not reported: %s", str(error))

    def _alive(self, session: Session) -> None:
        machine = socket.gethostname()
        workers.report(session, self._worker, machine, self._processes, utc_now())

    def _gone(self, session: Session) -> None:
        workers.sign_off(session, self._worker)
