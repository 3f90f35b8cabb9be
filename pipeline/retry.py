"""Retry what needs a database or a disk that is unavailable for a while."""

import logging
import random
import time
from collections.abc import Callable
from typing import TypeVar

from errors import StoreUnavailable

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 5.0
T = TypeVar("T")


def retrying(step: Callable[[], T], timeout_seconds: float) -> T:
    """The result of `step`, which may run again; pauses grow and are random, so that workers do not
    all retry at once.

    Raises the last StoreUnavailable when the next pause would end more than `timeout_seconds` after
    the start.
    """
    gives_up_at = time.monotonic() + timeout_seconds
    pause = FIRST_PAUSE_SECONDS
    while True:
        try:
            return step()
        except StoreUnavailable as error:
            if time.monotonic() + pause > gives_up_at:
                raise
            log.warning("waiting: %s", error)
        time.sleep(pause * random.uniform(0.5, 1))
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
