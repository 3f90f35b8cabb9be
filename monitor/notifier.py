"""Checks the ledger when called and sends each alert once."""

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
    """Stores alerts as notices first and sends them afterwards, so that none is lost."""

    def __init__(self, resources: Resources, look: Callable[[], Snapshot]) -> None:
        self._resources = resources
        self._look = look
        self._target = resources.settings.notify
        self._grace = timedelta(seconds=2 * resources.settings.canary_seconds)
        """A trouble that ends within this time, as after a start, is not reported."""
        self._troubled_since: dict[str, datetime] = {}
        self._announced: set[str] = set()
        self._began: datetime | None = None
        self._blind_since: datetime | None = None
        self._blindness_sent = False

    def look_round(self) -> None:
        """Store new alerts and send the notices that are due. Raises no NightreelError."""
        try:
            self._store(self._look())
            self._send()
        except NightreelError as error:
            self._go_blind(error)
        else:
            self._blind_since, self._blindness_sent = None, False

    def _store(self, snapshot: Snapshot) -> None:
        self._began = self._began or snapshot.at
        with reading(self._resources.database) as session:
            alerts = list(self._alerts(session, snapshot))
        new = [alert for alert in alerts if alert.key not in self._announced]
        if new:
            with writing(self._resources.database) as session:
                for alert in new:
                    body = {"kind": alert.kind, "at": snapshot.at.isoformat(), **alert.body}
                    announce(session, alert.key, alert.kind, body, snapshot.at)
        self._announced |= {alert.key for alert in new}

    def _alerts(self, session: Session, snapshot: Snapshot) -> Iterator[Alert]:
        settings = self._resources.settings
        return chain(
            night_ended(session, snapshot, self._resources.windows, self._began or snapshot.at),
            quarantined(session, snapshot),
            unusual_searches(session, snapshot.at),
            in_trouble(self._lasting(snapshot)),
            disk_nearly_full(settings.home_folder, snapshot.at),
        )

    def _lasting(self, snapshot: Snapshot) -> list[Trouble]:
        before = self._troubled_since
        self._troubled_since = {
            trouble.key: before.get(trouble.key, snapshot.at)
            for trouble in snapshot.health.troubles
        }
        return [
            trouble
            for trouble in snapshot.health.troubles
            if snapshot.at - self._troubled_since[trouble.key] >= self._grace
        ]

    def _send(self) -> None:
        with reading(self._resources.database) as session:
            notices = due(session, utc_now())
        for notice in notices:
            delivered = self._send_notice(notice)
            with writing(self._resources.database) as session:
                record_attempt(session, notice.id, sent_at=utc_now() if delivered else None)
            if not delivered:
                break  # the others would fail too

    def _send_notice(self, notice: Notice) -> bool:
        return self._deliver({"id": notice.id, **notice.body})

    def _deliver(self, body: Mapping[str, Any]) -> bool:
        try:
            outcome = deliver(self._target, body)
        except (NotDelivered, WrongUsage) as error:
            log.warning("notice %s was not delivered: %s", body.get("id", ""), str(error))
            return False
        log.info("notice %s was delivered: %s", body.get("id", ""), outcome)
        return True

    def _go_blind(self, error: NightreelError) -> None:
        """No notice can be stored: send the alert directly, and retry until it is delivered."""
        log.warning("the ledger cannot be read: %s", str(error))
        now = utc_now()
        self._blind_since = self._blind_since or now
        if not self._blindness_sent and now - self._blind_since >= self._grace:
            sentence = "The database does not answer; see the monitor's log."
            body = {"kind": NEEDS_HELP, "at": now.isoformat(), "about": "database"}
            self._blindness_sent = self._deliver({**body, "sentence": sentence})
