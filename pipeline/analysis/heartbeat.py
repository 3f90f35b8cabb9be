"""Keeps a lease alive while its segment is worked on."""

import logging
import threading
from typing import Self

from errors import LeaseLost, StoreUnavailable
from pipeline.context import Context
from storage.database.database import writing
from storage.jobs import ledger

log = logging.getLogger(__name__)


class Heartbeat:
    """Extends a segment's lease every sixth of its length until left; a thread of its own.

    A beat that cannot be written is only logged: the lease outlives five of them, and the commit at
    the end finds out for certain. One that finds the lease lost ends the work at its next `check`.
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
        """Raise LeaseLost once the segment is known to be someone else's, or cancelled."""
        if self._lost.is_set():
            raise LeaseLost("The segment was cancelled or given to another worker.")

    def _beat(self) -> None:
        tools = self._context
        lease = (self._segment_id, self._owner, tools.lease_seconds)
        while not self._left.wait(tools.lease_seconds / 6):
            try:
                with writing(tools.database) as session:
                    held = ledger.heartbeat(session, *lease, tools.clock())
            except StoreUnavailable as error:
                log.warning("heartbeat of segment %d missed: %s", self._segment_id, error)
                continue
            if not held:
                self._lost.set()
                return
