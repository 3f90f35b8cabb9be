"""Verdicts on all candidates, and a colour that is close to another."""

from dataclasses import replace

from rows import add_accounts

from pipeline.clock import utc_now
from pipeline.context import Context
from storage.database.database import writing
from storage.results.candidates import candidates
from storage.results.verdicts import Decision, Snapshot, give

SEEN = Snapshot(
    recording_sha256="a" * 64,
    start_ms=0,
    end_ms=1500,
    best_ms=0,
    crop="c" * 64 + ".jpg",
    quality=0.7,
    distance=0.0,
    threshold=0.75,
    reference_id=1,
    engine="stub",
    plan_key="0123456789abcdef",
    seeded=False,
    below_floor=False,
)
LIKE_RED = (225, 60, 30)
"""Close enough to red to be its candidate, and further away than red itself."""


def decide_on_everything(context: Context) -> None:
    """A reviewer gives a verdict on every candidate."""
    with writing(context.database) as session:
        add_accounts(session, 1)
        for one in candidates(session):
            seen = replace(SEEN, reference_id=one.reference_id, distance=one.distance)
            key, same = one.key, Decision.SAME
            give(session, key, account_id=1, decision=same, seen=seen, now=utc_now())
