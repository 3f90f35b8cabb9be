"""What tells people how the archive is doing."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger
from sqlmodel import Field

from storage.tables.base import Table, unique


class Canary(Table, table=True):
    """When a task that does nothing else was last done from a queue: the queue is served."""

    queue: str = Field(primary_key=True)
    done_at: datetime


class Worker(Table, table=True):
    """A worker that is alive, or was lately: its main process, which keeps the others."""

    name: str = Field(primary_key=True)
    """Random: a worker that starts again is another one."""
    machine: str
    processes: int
    seen_at: datetime


class Monitoring(Table, table=True):
    """What the monitor keeps between its looks at the ledger: one row."""

    id: int = Field(default=None, primary_key=True)
    looking_since: datetime
    looked_at: datetime
    counted_until: datetime
    """Footage that was watched before this is in `watched_ms`."""
    watched_ms: int = Field(sa_type=BigInteger)


class Notice(Table, table=True):
    """Something people are told once."""

    __table_args__ = unique("key")
    id: int = Field(default=None, primary_key=True)
    key: str
    """What it is about, e.g. one night: the same key is the same notice."""
    kind: str
    body: dict[str, Any] = Field(sa_type=JSON)
    created_at: datetime
    sent_at: datetime | None = None
    attempts: int = 0
