"""Waiting for a database or a disk that does not take writes for a while."""

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


def patiently(step: Callable[[], T], patience_seconds: float) -> T:
    """Take a step that may be repeated, until the store takes it; pauses grow, and differ by
    chance, so that workers do not come back all at once.

    Raises the last StoreUnavailable when the next pause would end later than `patience_seconds`
    after the beginning.
    """
    gives_up_at = time.monotonic() + patience_seconds
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
