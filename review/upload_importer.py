"""The importer: imports complete uploads, one at a time, in a thread of its own."""

import logging
import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime

from errors import NightreelError, StoreUnavailable
from pipeline.context import Context
from pipeline.intake.receive import Inbox, recover, refuse, sweep, take_in
from pipeline.intake.uploads import complete_uploads
from pipeline.plan import Plan
from storage.jobs.uploads import Upload

log = logging.getLogger(__name__)

ROUND_SECONDS = 60.0
"""How often it checks for uploads even if nothing wakes it."""
MOST_ATTEMPTS = 3


class UploadImporter:
    """Imports complete uploads as footage, and removes abandoned ones."""

    def __init__(
        self,
        inbox: Inbox,
        context: Context,
        plan: Plan,
        *,
        ask_workers: Callable[[], object],
        now: Callable[[], datetime],
    ) -> None:
        self._inbox = inbox
        self._tools = context
        self._plan = plan
        self._ask_workers = ask_workers
        self._now = now
        self._bell = threading.Event()
        self._attempts: Counter[str] = Counter()

    def start(self) -> None:
        """Start the thread, which runs as long as the process."""
        threading.Thread(target=self._work, daemon=True).start()

    def wake(self) -> None:
        """Check for uploads now: one has arrived."""
        self._bell.set()

    def look_round(self) -> None:
        """Import all uploads that have arrived."""
        recover(self._inbox, self._tools, self._now())
        sweep(self._inbox, self._tools, self._now())
        for upload in complete_uploads(self._tools.database):
            self._take(upload)

    def _take(self, upload: Upload) -> None:
        try:
            footage = take_in(
                upload, inbox=self._inbox, context=self._tools, plan=self._plan, now=self._now()
            )
        except StoreUnavailable:
            raise  # not the upload's fault, so not counted as an attempt
        except NightreelError as error:
            self._attempts[upload.id] += 1
            log.warning("an upload could not be looked at: %s", type(error).__name__)
            if self._attempts[upload.id] >= MOST_ATTEMPTS:
                refuse(upload, str(error), inbox=self._inbox, context=self._tools, now=self._now())
            return
        if footage is None:
            log.info("an upload was refused")
            return
        log.info("recording %d was taken in", footage.recording_id)
        self._ask_workers()

    def _work(self) -> None:
        while True:
            try:
                self.look_round()
            except NightreelError as error:
                log.warning("waiting: %s", type(error).__name__)
            self._bell.wait(ROUND_SECONDS)
            self._bell.clear()
