"""Looks at the ledger every few seconds and tells people what they have to know, once."""

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from errors import NightreelError, NotDelivered, WrongUsage
from monitor.alerts import (
    NEEDS_HELP,
    Alert,
    disk_nearly_full,
    in_trouble,
    night_ended,
    quarantined,
    unusual_searches,
)
from monitor.deliver import deliver
from monitor.health import Trouble
from monitor.snapshots import Snapshot
from pipeline.clock import utc_now
from storage.database.database import Session, reading, writing
from storage.jobs.notices import Notice, announce, due, record_attempt
from worker.resources import Resources

log = logging.getLogger(__name__)


class Notifier:
    """Notices are written down first and sent afterwards, so that none is lost on the way."""

    def __init__(self, mine: Resources, look: Callable[[], Snapshot]) -> None:
        self._mine = mine
        self._look = look
        self._target = mine.settings.notify
        self._grace = timedelta(seconds=2 * mine.settings.canary_seconds)
        """A trouble that is over by then, as after a start, is nobody's business."""
        self._troubled_since: dict[str, datetime] = {}
        self._told: set[str] = set()
        self._began: datetime | None = None
        self._blind_since: datetime | None = None
        self._blindness_told = False

    def look_round(self) -> None:
        """Write down what has to be told, and send whatever is due."""
        try:
            self._write_down(self._look())
            self._send()
        except NightreelError as error:
            self._go_blind(error)
        else:
            self._blind_since, self._blindness_told = None, False

    def _write_down(self, snapshot: Snapshot) -> None:
        self._began = self._began or snapshot.at
        with reading(self._mine.database) as session:
            found = list(self._occasions(session, snapshot))
        new = [one for one in found if one.key not in self._told]
        if new:
            with writing(self._mine.database) as session:
                for one in new:
                    body = {"kind": one.kind, "at": snapshot.at.isoformat(), **one.body}
                    announce(session, one.key, one.kind, body, snapshot.at)
        self._told |= {one.key for one in new}

    def _occasions(self, session: Session, snapshot: Snapshot) -> Iterator[Alert]:
        settings = self._mine.settings
        return chain(
            night_ended(session, snapshot, self._mine.windows, self._began or snapshot.at),
            quarantined(session, snapshot),
            unusual_searches(session, snapshot.at),
            in_trouble(self._lasting(snapshot)),
            disk_nearly_full(settings.home_folder, snapshot.at),
        )

    def _lasting(self, snapshot: Snapshot) -> list[Trouble]:
        before = self._troubled_since
        self._troubled_since = {
            one.key: before.get(one.key, snapshot.at) for one in snapshot.health.troubles
        }
        return [
            one
            for one in snapshot.health.troubles
            if snapshot.at - self._troubled_since[one.key] >= self._grace
        ]

    def _send(self) -> None:
        with reading(self._mine.database) as session:
            notices = due(session, utc_now())
        for notice in notices:
            delivered = self._deliver(notice)
            with writing(self._mine.database) as session:
                record_attempt(session, notice.id, sent_at=utc_now() if delivered else None)
            if not delivered:
                break  # nor would the others be

    def _deliver(self, notice: Notice) -> bool:
        return self._hand_over({"id": notice.id, **notice.body})

    def _hand_over(self, body: Mapping[str, Any]) -> bool:
        try:
            said = deliver(self._target, body)
        except (NotDelivered, WrongUsage) as error:
            log.warning("notice %s was not delivered: %s", body.get("id", ""), str(error))
            return False
        log.info("notice %s was delivered: %s", body.get("id", ""), said)
        return True

    def _go_blind(self, error: NightreelError) -> None:
        """Nothing can be written down: tell it at once, and as often as it takes."""
        log.warning("the ledger cannot be read: %s", str(error))
        now = utc_now()
        self._blind_since = self._blind_since or now
        if not self._blindness_told and now - self._blind_since >= self._grace:
            sentence = "The database does not answer; see the monitor's log."
            body = {"kind": NEEDS_HELP, "at": now.isoformat(), "about": "database"}
            self._blindness_told = self._hand_over({**body, "sentence": sentence})
