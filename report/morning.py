"""A night as it is read in the morning: what was done, what remains, and what needs a person."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pipeline.planning.outlook import Outlook, look_ahead
from pipeline.planning.windows import Windows
from report.moments import when
from report.timeline import clock, whole_clock
from storage.database.database import Engine, reading
from storage.jobs.night import (
    Ended,
    ended_since,
    watched_ms_since,
    with_gaps_since,
)
from storage.jobs.pace import RemainingWork
from storage.jobs.progress import Outcome, outcomes
from storage.jobs.refusals import RefusedFile, refused_files
from storage.jobs.states import SEARCHABLE
from storage.jobs.workers import Fleet

MOST_LINES = 10
"""Of one kind; the JSON has them all."""


@dataclass(frozen=True, slots=True)
class Late:
    """Something that was wanted earlier than it is or was done."""

    analysis_id: int
    name: str
    due_at: datetime
    end: datetime | None
    """Expected, or when it did end; None when unknown or paused."""


@dataclass(frozen=True, slots=True)
class Night:
    """What happened since the window opened last, or in the last 24 hours where there is none."""

    now: datetime
    since: datetime
    windows: Windows
    ended: list[Ended]
    watched_ms: int
    with_gaps: list[Outcome]
    refused: list[RefusedFile]
    outlook: Outlook

    @property
    def late(self) -> list[Late]:
        """What ended too late, or will, or has not ended though it should have."""
        ended = [
            Late(one.analysis_id, one.name, one.due_at, one.finished_at)
            for one in self.ended
            if one.due_at is not None and one.finished_at > one.due_at
        ]
        expected = [
            Late(one.analysis_id, one.name, one.due_at, self.outlook.forecast.ends[one.analysis_id])
            for one in self.outlook.work
            if one.due_at is not None
        ]
        return ended + [one for one in expected if max(self.now, one.end or self.now) > one.due_at]


def gather_night(database: Engine, *, workers: int, windows: Windows, now: datetime) -> Night:
    """Read it from the database; with no `workers` at work nothing has an expected end."""
    since = windows.opened_at(now) or now - timedelta(days=1)
    with reading(database) as session:
        return Night(
            now=now,
            since=since,
            windows=windows,
            ended=ended_since(session, since),
            watched_ms=watched_ms_since(session, since),
            with_gaps=outcomes(session, with_gaps_since(session, since)),
            refused=refused_files(session, since=since),
            outlook=look_ahead(session, workers=workers, windows=windows, now=now),
        )


def night_as_json(night: Night) -> dict[str, Any]:
    """Everything, with moments as ISO 8601 in UTC."""
    outlook = night.outlook
    is_open = night.windows.is_open(night.now)
    return {
        "since": _iso(night.since),
        "window_open": is_open,
        "opens_at": None if is_open else _iso(night.windows.opens_at(night.now)),
        "closes_at": _iso(night.windows.closes_at(night.now)),
        "watched_ms": night.watched_ms,
        "ended": [_ended_as_json(one) for one in night.ended],
        "remaining": [
            _work_as_json(one) | {"end": _iso(outlook.forecast.ends[one.analysis_id])}
            for one in outlook.work
        ],
        "workers": outlook.workers,
        "speed": outlook.forecast.speed,
        "end": _iso(outlook.end),
        "with_gaps": [_gaps_as_json(one) for one in night.with_gaps],
        "refused": [
            {
                "name": one.name,
                "reason": one.reason,
                "refused_at": _iso(one.refused_at),
                "uploaded": one.upload_id is not None,
            }
            for one in night.refused
        ],
        "late": [
            _job(one) | {"due_at": _iso(one.due_at), "end": _iso(one.end)} for one in night.late
        ],
    }


def _job(one: Ended | RemainingWork | Outcome | Late) -> dict[str, Any]:
    return {"job": one.analysis_id, "name": one.name}


def _ended_as_json(one: Ended) -> dict[str, Any]:
    return _job(one) | {
        "state": one.state.value,
        "duration_ms": one.duration_ms,
        "finished_at": _iso(one.finished_at),
    }


def _work_as_json(one: RemainingWork) -> dict[str, Any]:
    return _job(one) | {
        "footage_ms": one.footage_ms,
        "paused": one.paused,
        "due_at": _iso(one.due_at),
    }


def _gaps_as_json(one: Outcome) -> dict[str, Any]:
    return _job(one) | {
        "state": one.state.value,
        "missing_ms": _missing_ms(one),
        "reasons": one.reasons,
    }


def night_as_text(night: Night) -> list[str]:
    """Lines for a terminal; what needs nobody's attention is not in them."""
    return [_done(night), _remaining(night), *_window(night), *_attention(night)]


def _done(night: Night) -> str:
    always = night.windows.always
    since = "In the last 24 hours" if always else f"Since {_when(night, night.since)}"
    done = [one for one in night.ended if one.state in SEARCHABLE]
    return (
        f"{since}: {_recordings(done)} done, {whole_clock(night.watched_ms)} of footage processed"
    )


def _remaining(night: Night) -> str:
    work = [one for one in night.outlook.work if not one.paused]
    if not work:
        return "Remaining: nothing"
    footage = whole_clock(sum(one.footage_ms for one in work))
    return f"Remaining: {_recordings(work)}, {footage} of footage; {_expected(night)}"


def _expected(night: Night) -> str:
    end, speed = night.outlook.end, night.outlook.forecast.speed
    if not night.outlook.workers:
        return "no worker is running"
    if end is None or speed is None:
        return "no estimate yet"
    return f"expected by {_when(night, end)} ({speed_in_words(speed, night.outlook.workers)})"


def _window(night: Night) -> Iterator[str]:
    closes_at = night.windows.closes_at(night.now)
    if closes_at is not None:
        yield f"Window: open until {_when(night, closes_at)}"
    elif not night.windows.always:
        yield f"Window: closed until {_when(night, night.windows.opens_at(night.now))}"


def _attention(night: Night) -> Iterator[str]:
    yield from _listed("With gaps", [_gaps(one) for one in night.with_gaps])
    yield from _listed("Rejected", [f"{one.name}: {one.reason}" for one in night.refused])
    yield from _listed("Paused", [_named(one) for one in night.outlook.work if one.paused])
    yield from _listed("Late", [_late(night, one) for one in night.late])


def _listed(title: str, entries: Sequence[str]) -> Iterator[str]:
    if entries:
        yield f"{title}: {len(entries)}"
    yield from (f"  {entry}" for entry in entries[:MOST_LINES])
    if len(entries) > MOST_LINES:
        yield f"  and {len(entries) - MOST_LINES} more; `nightreel status --json` has them all"


def _gaps(one: Outcome) -> str:
    reasons = " ".join(dict.fromkeys(one.reasons)) or "Could not be decoded."
    missing = f"{clock(_missing_ms(one))} of {clock(one.duration_ms)} not analysed"
    return f"{_named(one)}: {missing}. {reasons}"


def _missing_ms(one: Outcome) -> int:
    return sum(end_ms - start_ms for start_ms, end_ms in one.gaps)


def _late(night: Night, one: Late) -> str:
    wanted = f"{_named(one)}: due {_when(night, one.due_at)}"
    if one.end is None:
        return f"{wanted}, no estimate yet"
    done = "done" if one.end <= night.now else "expected"
    return f"{wanted}, {done} {_when(night, one.end)}"


def speed_in_words(speed: float, workers: int) -> str:
    """For example `2.1x real time, 2 workers`."""
    times = f"{speed:.1f}" if speed >= 1 else f"{speed:.2f}"
    return f"{times}x real time, {workers} {'worker' if workers == 1 else 'workers'}"


def in_words(fleet: Fleet) -> str:
    """For example `4 processes on 2 machines`."""
    if not fleet.processes:
        return "none has reported within the last minute"
    processes = "1 process" if fleet.processes == 1 else f"{fleet.processes} processes"
    machines = "1 machine" if fleet.machines == 1 else f"{fleet.machines} machines"
    return f"{processes} on {machines}"


def _named(one: Outcome | RemainingWork | Late) -> str:
    return f"{one.name} (job {one.analysis_id})"


def _recordings(some: Sequence[object]) -> str:
    return "1 recording" if len(some) == 1 else f"{len(some)} recordings"


def _when(night: Night, moment: datetime) -> str:
    return when(moment, night.now, night.windows.zone)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
