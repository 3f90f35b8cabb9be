"""The morning summary of a night: what was done, what remains, and what needs attention."""

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
"""Lines per kind in the text; the JSON has all."""


@dataclass(frozen=True, slots=True)
class Late:
    """A job that missed its deadline or is expected to."""

    analysis_id: int
    name: str
    due_at: datetime
    end: datetime | None
    """When it ended or is expected to; None if unknown or paused."""


@dataclass(frozen=True, slots=True)
class Night:
    """Results since the processing window last opened, or of the last 24 hours if there is none."""

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
        """Jobs that ended after their deadline, are expected to, or are already past it."""
        ended = [
            Late(job.analysis_id, job.name, job.due_at, job.finished_at)
            for job in self.ended
            if job.due_at is not None and job.finished_at > job.due_at
        ]
        expected = [
            Late(job.analysis_id, job.name, job.due_at, self.outlook.forecast.ends[job.analysis_id])
            for job in self.outlook.work
            if job.due_at is not None
        ]
        return ended + [job for job in expected if max(self.now, job.end or self.now) > job.due_at]


def gather_night(database: Engine, *, workers: int, windows: Windows, now: datetime) -> Night:
    """Read a night from the database; with 0 `workers` no job has an expected end."""
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
    """A night as JSON values, with times as ISO 8601 in UTC."""
    outlook = night.outlook
    is_open = night.windows.is_open(night.now)
    return {
        "since": _iso(night.since),
        "window_open": is_open,
        "opens_at": None if is_open else _iso(night.windows.opens_at(night.now)),
        "closes_at": _iso(night.windows.closes_at(night.now)),
        "watched_ms": night.watched_ms,
        "ended": [_ended_as_json(job) for job in night.ended],
        "remaining": [
            _work_as_json(job) | {"end": _iso(outlook.forecast.ends[job.analysis_id])}
            for job in outlook.work
        ],
        "workers": outlook.workers,
        "speed": outlook.forecast.speed,
        "end": _iso(outlook.end),
        "with_gaps": [_gaps_as_json(job) for job in night.with_gaps],
        "refused": [
            {
                "name": file.name,
                "reason": file.reason,
                "refused_at": _iso(file.refused_at),
                "uploaded": file.upload_id is not None,
            }
            for file in night.refused
        ],
        "late": [
            _job(job) | {"due_at": _iso(job.due_at), "end": _iso(job.end)} for job in night.late
        ],
    }


def _job(job: Ended | RemainingWork | Outcome | Late) -> dict[str, Any]:
    return {"job": job.analysis_id, "name": job.name}


def _ended_as_json(job: Ended) -> dict[str, Any]:
    return _job(job) | {
        "state": job.state.value,
        "duration_ms": job.duration_ms,
        "finished_at": _iso(job.finished_at),
    }


def _work_as_json(job: RemainingWork) -> dict[str, Any]:
    return _job(job) | {
        "footage_ms": job.footage_ms,
        "paused": job.paused,
        "due_at": _iso(job.due_at),
    }


def _gaps_as_json(job: Outcome) -> dict[str, Any]:
    return _job(job) | {
        "state": job.state.value,
        "missing_ms": _missing_ms(job),
        "reasons": job.reasons,
    }


def night_as_text(night: Night) -> list[str]:
    """A night as lines for a terminal; jobs are listed only if they need attention."""
    return [_done(night), _remaining(night), *_window(night), *_attention(night)]


def _done(night: Night) -> str:
    always = night.windows.always
    since = "In the last 24 hours" if always else f"Since {_when(night, night.since)}"
    done = [job for job in night.ended if job.state in SEARCHABLE]
    return (
        f"{since}: {_recordings(done)} done, {whole_clock(night.watched_ms)} of footage processed"
    )


def _remaining(night: Night) -> str:
    work = [job for job in night.outlook.work if not job.paused]
    if not work:
        return "Remaining: nothing"
    footage = whole_clock(sum(job.footage_ms for job in work))
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
    yield from _listed("With gaps", [_gaps(job) for job in night.with_gaps])
    yield from _listed("Rejected", [f"{file.name}: {file.reason}" for file in night.refused])
    yield from _listed("Paused", [_named(job) for job in night.outlook.work if job.paused])
    yield from _listed("Late", [_late(night, job) for job in night.late])


def _listed(title: str, entries: Sequence[str]) -> Iterator[str]:
    if entries:
        yield f"{title}: {len(entries)}"
    yield from (f"  {entry}" for entry in entries[:MOST_LINES])
    if len(entries) > MOST_LINES:
        yield f"  and {len(entries) - MOST_LINES} more; `nightreel status --json` has them all"


def _gaps(job: Outcome) -> str:
    reasons = " ".join(dict.fromkeys(job.reasons)) or "Could not be decoded."
    missing = f"{clock(_missing_ms(job))} of {clock(job.duration_ms)} not analysed"
    return f"{_named(job)}: {missing}. {reasons}"


def _missing_ms(job: Outcome) -> int:
    return sum(end_ms - start_ms for start_ms, end_ms in job.gaps)


def _late(night: Night, job: Late) -> str:
    wanted = f"{_named(job)}: due {_when(night, job.due_at)}"
    if job.end is None:
        return f"{wanted}, no estimate yet"
    done = "done" if job.end <= night.now else "expected"
    return f"{wanted}, {done} {_when(night, job.end)}"


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


def _named(job: Outcome | RemainingWork | Late) -> str:
    return f"{job.name} (job {job.analysis_id})"


def _recordings(jobs: Sequence[object]) -> str:
    return "1 recording" if len(jobs) == 1 else f"{len(jobs)} recordings"


def _when(night: Night, moment: datetime) -> str:
    return when(moment, night.now, night.windows.zone)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
