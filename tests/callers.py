"""The callers of steps in tests."""

from datetime import datetime

from sqlalchemy import Engine

from pipeline.act import Caller
from pipeline.clock import utc_now


def caller(database: Engine, actor: str = "uid:1", now: datetime | None = None) -> Caller:
    """A caller, now or at another time."""
    return Caller(database, actor, now or utc_now())
