"""State of the queues, workers and monitor, and notices."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger
from sqlmodel import Field

from storage.tables.base import Table, unique


class Canary(Table, table=True):
    """When a queue's test task, which does nothing else, was last done: the queue is served."""

    queue: str = Field(primary_key=True)
    done_at: datetime


class Worker(Table, table=True):
    """A worker that is or was recently alive: its main process, which runs the others."""

    name: str = Field(primary_key=True)
    """Random: a restarted worker gets a new name."""
    machine: str
    processes: int
    seen_at: datetime


class Monitoring(Table, table=True):
    """What the monitor stores between its checks of the ledger: one row."""

    id: int = Field(default=None, primary_key=True)
    looking_since: datetime
    looked_at: datetime
    counted_until: datetime
    """Footage processed before this time is counted in `watched_ms`."""
    watched_ms: int = Field(sa_type=BigInteger)


class Notice(Table, table=True):
    """An alert or notification that is sent once."""

    __table_args__ = unique("key")
    id: int = Field(default=None, primary_key=True)
    key: str
    """Its subject, e.g. one night: the same key is the same notice."""
    kind: str
    body: dict[str, Any] = Field(sa_type=JSON)
    created_at: datetime
    sent_at: datetime | None = None
    attempts: int = 0
