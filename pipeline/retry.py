"""Retry steps while the database or the disk is temporarily unavailable."""

import logging
from collections.abc import Callable
from typing import TypeVar

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_before_delay,
    wait_random_exponential,
)

from errors import StoreUnavailable

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 5.0
T = TypeVar("T")


def retrying(step: Callable[[], T], timeout_seconds: float) -> T:
    """Run `step` until it raises no StoreUnavailable, and return its result.

    The pauses grow and are random, so that workers do not all retry at the same time. Raises the
    last StoreUnavailable when the next pause would end more than `timeout_seconds` after the start.
    """
    attempts = Retrying(
        retry=retry_if_exception_type(StoreUnavailable),
        wait=wait_random_exponential(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS),
        stop=stop_before_delay(timeout_seconds),
        before_sleep=_log_pause,
        reraise=True,
    )
    return attempts(step)


def _log_pause(state: RetryCallState) -> None:
    assert state.outcome is not None
    log.warning("waiting: %s", state.outcome.exception())
