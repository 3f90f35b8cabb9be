"""Keeps workers running while a command waits."""

import shutil
import time
from types import TracebackType
from typing import Self

from cli.output import err
from errors import StackTrouble, StoreUnavailable
from worker.redis_server import answers
from worker.resources import resources
from worker.stack import Stack
from worker.stack_info import claimed, running, services_alive

POLL_SECONDS = 0.1
TIMEOUT_SECONDS = 60.0
"""By then, killed workers are running again, and those of another process have started."""
LEAST_FREE_BYTES = 10_000_000
"""The database's log and the queue's file need some free space."""


class Services:
    """The workers of a running stack, or of one started for the length of this context.

    If the running stack is stopped meanwhile, this starts its own. With an external broker
    (NIGHTREEL_BROKER_URL), workers are assumed to run elsewhere.
    """

    def __init__(self) -> None:
        self._settings = resources().settings
        self._own: Stack | None = None
        self._alive_at = time.monotonic()

    def keep(self) -> None:
        """Start services if none run; call this regularly.

        Raises StackTrouble if they cannot be started, or if no worker has been alive for a minute,
        and StoreUnavailable if the disk is full: workers would wait for space silently.
        """
        home = self._settings.home_folder
        if shutil.disk_usage(home).free < LEAST_FREE_BYTES:
            raise StoreUnavailable(
                f"The disk that holds {home} is full; free some space; the next run resumes."
            )
        if self._settings.broker_url:
            return
        if not claimed(home):
            self._start()
        if services_alive(home)["worker"]:
            self._alive_at = time.monotonic()
        elif time.monotonic() - self._alive_at > TIMEOUT_SECONDS:
            raise StackTrouble(
                "The workers have stopped; check the logs folder, then run `nightreel up` "
                "to resume."
            )

    def __enter__(self) -> Self:
        resources().make_home()
        self.keep()
        while not self._can_be_asked():  # another process is just starting or stopping them
            time.sleep(POLL_SECONDS)
            self.keep()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is KeyboardInterrupt:
            err.print("Stopping; finished work is kept and the next run resumes.")
        if self._own is not None:
            self._own.stop()

    def _start(self) -> None:
        stack = Stack(self._settings)
        try:
            stack.start(flower=False, intake=False)
        except StackTrouble:
            if not claimed(self._settings.home_folder):
                raise
        else:
            self._own = stack

    def _can_be_asked(self) -> bool:
        stack = running(self._settings.home_folder)
        return bool(self._settings.broker_url) or bool(stack and answers(stack.broker_url))
