"""When to send which alert; its body contains counts, times and ids, and no name of a person of
interest or a file."""

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from monitor.health import Trouble
from monitor.snapshots import Snapshot
from pipeline.planning.outlook import Outlook, look_ahead
from pipeline.planning.windows import Windows
from storage.access.search_counts import search_counts
from storage.database.database import Session
from storage.jobs.monitoring import monitoring
from storage.jobs.night import Ended, ended_since, watched_ms_between, watched_ms_since
from storage.jobs.notices import latest
from storage.jobs.refusals import refused_files
from storage.tables import State

NIGHT_ENDED, NEEDS_HELP = "night_ended", "needs_help"
LAST_SEGMENTS = timedelta(minutes=15)
"""How long after a window's end to wait for segments that were started inside it."""
BETWEEN_QUARANTINES = timedelta(minutes=10)
LEAST_FREE_BYTES = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert to send; of alerts with the same key only the first is sent."""

    key: str
    kind: str
    body: dict[str, Any]


def night_ended(
    session: Session, snapshot: Snapshot, windows: Windows, began: datetime
) -> Iterator[Alert]:
    """The window has closed, or all queued footage has been processed.

    `began` is the time of this monitor's first check. Work that ended before a monitor ran is not
    reported, but a night in which work was done is reported, however late.
    """
    before = latest(session, "night")
    watch = monitoring(session)
    looking_since = watch.looking_since if watch else began
    if windows.is_open(snapshot.at):
        since = max(before.created_at if before else began, looking_since)
        ended_at = _all_done(_ended(session, since), snapshot)
    else:
        since = before.created_at if before else windows.opened_at(snapshot.at) or began
        ended_at = _window_closed(session, since, looking_since, snapshot, windows)
    if ended_at is not None and ended_at > since:
        outlook = look_ahead(session, workers=0, windows=windows, now=snapshot.at)
        body = {"since": since.isoformat(), "ended_at": ended_at.isoformat()}
        body |= _account(session, since, snapshot, outlook)
        yield Alert(f"night:{ended_at.isoformat()}", NIGHT_ENDED, body)


def _ended(session: Session, since: datetime) -> list[Ended]:
    return [job for job in ended_since(session, since) if job.state is not State.CANCELLED]


def _all_done(ended: Sequence[Ended], snapshot: Snapshot) -> datetime | None:
    seen = snapshot.vitals
    active = seen.segments.get(State.RUNNING, 0) + seen.analyses.get(State.MATCHING, 0)
    if active or seen.waiting_since or not ended:
        return None
    return ended[-1].finished_at


def _window_closed(
    session: Session, since: datetime, looking_since: datetime, snapshot: Snapshot, windows: Windows
) -> datetime | None:
    opened_at = windows.opened_at(snapshot.at)
    closed_at = windows.closes_at(opened_at) if opened_at else None
    if opened_at is None or closed_at is None:
        return None
    under_way = snapshot.vitals.segments.get(State.RUNNING, 0)
    if under_way and snapshot.at - closed_at < LAST_SEGMENTS:
        return None
    waited = any(moment < closed_at for moment in snapshot.vitals.waiting_since.values())
    seen = looking_since < closed_at and (waited or under_way)
    worked = watched_ms_between(session, max(since, opened_at), closed_at + LAST_SEGMENTS)
    return closed_at if seen or worked else None


def _account(
    session: Session, since: datetime, snapshot: Snapshot, outlook: Outlook
) -> dict[str, Any]:
    states = Counter(job.state for job in _ended(session, since))
    remaining = [work for work in outlook.work if not work.paused]
    return {
        "watched_ms": watched_ms_since(session, since),
        "done": states[State.DONE],
        "gaps": states[State.GAPS],
        "failed": states[State.FAILED],
        "refused": len(refused_files(session, since=since)),
        "remaining": len(remaining),
        "remaining_ms": sum(work.footage_ms for work in remaining),
        "paused": snapshot.vitals.paused,
        "quarantined_segments": snapshot.vitals.segments.get(State.QUARANTINED, 0),
        "expected_finish": outlook.end.isoformat() if outlook.end else None,
    }


def in_trouble(troubles: Iterable[Trouble]) -> Iterator[Alert]:
    """Queues that are not served, and work that no worker does."""
    for trouble in troubles:
        about = trouble.key.partition(":")[0]
        yield Alert(trouble.key, NEEDS_HELP, {"about": about, "sentence": trouble.sentence})


def quarantined(session: Session, snapshot: Snapshot) -> Iterator[Alert]:
    """Segments were quarantined since the last such alert; at most one alert per ten minutes."""
    count, began_at = (
        snapshot.vitals.segments.get(State.QUARANTINED, 0),
        snapshot.vitals.quarantined_at,
    )
    if began_at is None:
        return
    before = latest(session, "quarantined")
    if before is not None:
        reported = (datetime.fromisoformat(before.body["began_at"]), before.body["segments"])
        if (began_at, count) <= reported or snapshot.at - before.created_at < BETWEEN_QUARANTINES:
            return
    yield Alert(
        f"quarantined:{began_at.isoformat()}:{count}",
        NEEDS_HELP,
        {
            "about": "quarantined",
            "sentence": f"Segments in quarantine: {count}; see `nightreel jobs quarantined`.",
            "segments": count,
            "began_at": began_at.isoformat(),
        },
    )


def unusual_searches(session: Session, now: datetime) -> Iterator[Alert]:
    """A user searches far more than usual; one alert per user and week."""
    year, week, _ = now.isocalendar()
    for count in search_counts(session, now):
        if count.is_unusual:
            sentence = (
                f"{count.actor} searched {count.lately} times in seven days, {count.usual:.0f} a "
                "week before that; see `nightreel audit searches`."
            )
            body = {"about": "searches", "sentence": sentence, "actor": count.actor}
            yield Alert(f"searches:{count.actor}:{year}-{week}", NEEDS_HELP, body)


def disk_nearly_full(home: Path, now: datetime) -> Iterator[Alert]:
    """The disk of the home folder is nearly full; at most one alert per day. Raises OSError."""
    free_bytes = shutil.disk_usage(home).free
    if free_bytes < LEAST_FREE_BYTES:
        sentence = f"The home folder's disk has {free_bytes // 1_000_000} MB left; free some space."
        body = {"about": "disk", "sentence": sentence, "free_bytes": free_bytes}
        yield Alert(f"disk:{now.date().isoformat()}", NEEDS_HELP, body)
