"""Extend the lease of a segment while it is processed."""

import logging
import threading
from typing import Self

from errors import LeaseLost, StoreUnavailable
from pipeline.context import Context
from storage.database.database import writing
from storage.jobs import ledger

log = logging.getLogger(__name__)


class Heartbeat:
    """A context manager that extends a segment's lease in a thread, every sixth of its length.

    A heartbeat that cannot be written is only logged: the lease outlasts five missed ones, and the
    final commit checks it. When a heartbeat finds the lease lost, the next `check` ends the work.
    """

    def __init__(self, context: Context, segment_id: int, owner: str) -> None:
        self._context = context
        self._segment_id = segment_id
        self._owner = owner
        self._left, self._lost = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._left.set()
        self._thread.join()

    def check(self) -> None:
        """Raise LeaseLost once another worker is known to have the segment, or it is cancelled."""
        if self._lost.is_set():
            raise LeaseLost("The segment was cancelled or given to another worker.")

    def _beat(self) -> None:
        context = self._context
        lease = (self._segment_id, self._owner, context.lease_seconds)
        while not self._left.wait(context.lease_seconds / 6):
            try:
                with writing(context.database) as session:
                    held = ledger.heartbeat(session, *lease, context.clock())
            except StoreUnavailable as error:
                log.warning("heartbeat of segment %d missed: %s", self._segment_id, error)
                continue
            if not held:
                self._lost.set()
                return
