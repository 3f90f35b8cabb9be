"""Who a command acts for, as the audit log writes it."""

import os
from datetime import datetime

from pipeline.act import Caller
from pipeline.clock import utc_now
from worker.resources import resources


def actor() -> str:
    """The user of the machine, as the audit log writes it."""
    return f"uid:{os.getuid()}"


def now() -> datetime:
    """The present time, where no database is needed yet."""
    return utc_now()


def caller() -> Caller:
    """The user of the machine, now, asking of the database that is set."""
    return Caller(resources().database, actor(), now())
