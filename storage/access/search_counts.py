"""How often each actor searched lately, beside what is usual for them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case
from sqlmodel import Session, col, func, select

from storage.access.audit import Action
from storage.tables import AuditEntry

LATELY = timedelta(days=7)
USUAL_WEEKS = 4
"""As many weeks before count as usual."""
LEAST_SEARCHES = 20
"""Fewer in a week are nothing unusual, whatever was usual before."""
TIMES = 3


@dataclass(frozen=True, slots=True)
class SearchCount:
    """One actor's searches."""

    actor: str
    lately: int
    """In the last seven days."""
    usual: float
    """A week, in the four weeks before."""

    @property
    def is_unusual(self) -> bool:
        """Whether these are many, and more than three times as many as usual."""
        return self.lately >= LEAST_SEARCHES and self.lately > TIMES * self.usual


def search_counts(session: Session, now: datetime) -> list[SearchCount]:
    """Everyone who searched in the last five weeks, most searches of late first."""
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
    return sorted(counts, key=lambda one: (-one.lately, one.actor))
