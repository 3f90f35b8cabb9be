"""The user a command acts for, as the audit log writes it."""

import os
from datetime import datetime

from pipeline.act import Caller
from pipeline.clock import utc_now
from worker.resources import resources


def actor() -> str:
    """The user of the machine, as the audit log writes it."""
    return f"uid:{os.getuid()}"


def now() -> datetime:
    """The current time, for code that needs no database yet."""
    return utc_now()


def caller() -> Caller:
    """The user of the machine as the caller of a step, now, on the configured database."""
    return Caller(resources().database, actor(), now())
