"""Who a command acts for, as the audit log writes it."""

import os

from pipeline.act import Caller
from pipeline.clock import utc_now
from worker.resources import resources


def actor() -> str:
    """The user of the machine."""
    return f"uid:{os.getuid()}"


def caller() -> Caller:
    """The user of the machine, now, asking of the database that is set."""
    return Caller(resources().database, actor(), utc_now())
