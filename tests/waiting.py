"""Waiting for what other processes do."""

import time
from collections.abc import Callable


def wait_until(
    happened: Callable[[], object], seconds: float = 60.0, *, pause_seconds: float = 0.1
) -> None:
    """Return soon after a condition has become true; fail if it has not within `seconds`.

    It pauses between checks, which take time from the processes that are waited for.
    """
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(pause_seconds)
