"""Ended cases that are still stored, data due for purging, and past purges."""

import json
from dataclasses import dataclass
from datetime import datetime

from pipeline.act import Caller
from pipeline.governance.purge import Retention, bystanders_due
from storage.access import audit
from storage.access.audit import Action
from storage.cases.cases import Case, list_cases
from storage.database.database import Session, reading

SHOWN = 50
"""How many past purges are shown."""


@dataclass(frozen=True, slots=True)
class Purge:
    """A past purge."""

    entry: int
    """The position of its entry in the audit log."""
    at: str
    actor: str
    rows: dict[str, int]
    """The number of rows by table."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Ended cases that are still stored, data due for purging, and past purges."""

    ended: list[tuple[Case, datetime]]
    """Ended cases that are not purged, and when they ended."""
    going_on: int
    """How many cases have not ended."""
    due: int
    """How many appearances of bystanders have been stored for too long."""
    purges: list[Purge]
    """The newest first."""


def look_through(caller: Caller, retention: Retention) -> Kept:
    """Read what `Kept` holds, for these retention periods. Raises StoreUnavailable."""
    now, days = caller.now, retention.bystander_days
    with reading(caller.database) as session:
        ended = [(case, case.ended_at(now)) for case in list_cases(session)]
        return Kept(
            ended=[(case, at) for case, at in ended if at and not case.purged_at],
            going_on=sum(at is None for _, at in ended),
            due=bystanders_due(session, days, now) if days else 0,
            purges=_purges(session),
        )


def _purges(session: Session) -> list[Purge]:
    return [
        Purge(entry.position, entry.at, entry.actor, json.loads(entry.objects))
        for entry in audit.newest(session, limit=SHOWN, action=Action.PURGED)
    ]
