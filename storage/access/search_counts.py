"""How often each actor searched recently, compared with their usual number."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case
from sqlmodel import Session, col, func, select

from storage.access.audit import Action
from storage.tables import AuditEntry

LATELY = timedelta(days=7)
USUAL_WEEKS = 4
"""The number of earlier weeks that define the usual number."""
LEAST_SEARCHES = 20
"""Fewer searches in a week are never unusual."""
TIMES = 3


@dataclass(frozen=True, slots=True)
class SearchCount:
    """One actor's searches."""

    actor: str
    lately: int
    """In the last seven days."""
    usual: float
    """Per week, in the four weeks before."""

    @property
    def is_unusual(self) -> bool:
        """Whether there are at least `LEAST_SEARCHES`, and more than `TIMES` the usual number."""
        return self.lately >= LEAST_SEARCHES and self.lately > TIMES * self.usual


def search_counts(session: Session, now: datetime) -> list[SearchCount]:
    """The actors who searched in the last five weeks, most recent searches first."""
    since = now - LATELY
    is_late = case((col(AuditEntry.at) >= since, 1), else_=0)
    statement = (
        select(AuditEntry.actor, func.sum(is_late), func.count())
        .where(
            col(AuditEntry.action) == Action.SEARCHED.value,
            col(AuditEntry.at) >= since - USUAL_WEEKS * LATELY,
        )
        .group_by(col(AuditEntry.actor))
    )
    counts = [
        SearchCount(actor, int(lately), (number - lately) / USUAL_WEEKS)
        for actor, lately, number in session.exec(statement)
    ]
    return sorted(counts, key=lambda count: (-count.lately, count.actor))
