"""The output of `ingest --finish-by`: what will be done by then, and what will not."""

import re
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from cli.actor import caller
from cli.output import err
from errors import WrongUsage
from pipeline.planning.outlook import Outlook, expect
from pipeline.planning.windows import Windows
from report.moments import when
from report.morning import speed_in_words
from storage.jobs.pace import RemainingWork
from worker.resources import resources
from worker.stack_info import running

MOST_NAMES = 10
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


def parse_finish_by(text: str, windows: Windows, now: datetime) -> datetime:
    """The next `07:00` on the clock of the windows' zone, or an ISO 8601 date and time.

    Raises WrongUsage when it is neither, or has passed.
    """
    if clock := _CLOCK.fullmatch(text.strip()):
        return windows.at_clock(now, int(clock[1]) * 60 + int(clock[2]))
    try:
        given = datetime.fromisoformat(text.strip())
    except ValueError:
        raise WrongUsage(
            f"--finish-by cannot be {text!r}: write it like 07:00 or 2026-12-01T07:00."
        ) from None
    moment = (given if given.tzinfo else given.replace(tzinfo=windows.zone)).astimezone(UTC)
    if moment <= now:
        raise WrongUsage(f"--finish-by {text} has passed; give a future time.")
    return moment


def announce(analysis_ids: Collection[int], finish_by: datetime) -> dict[str, Any]:
    """Store the deadline of these analyses, and print the forecast on stderr.

    Returns the forecast for `--json`.
    """
    asked, windows = caller(), resources().windows
    outlook = expect(asked, analysis_ids, finish_by, workers=_workers(), windows=windows)
    late = outlook.forecast.late(finish_by)
    for line in forecast_in_words(outlook, late, asked.now, windows):
        err.print(line)
    return {
        "finish_by": finish_by.isoformat(),
        "end": _iso(outlook.forecast.end),
        "speed": outlook.forecast.speed,
        "workers": outlook.workers,
        "late": [
            {"job": work.analysis_id, "name": work.name, "end": _iso(_end(outlook, work))}
            for work in outlook.work
            if work.analysis_id in late
        ],
    }


def forecast_in_words(
    outlook: Outlook, late: Sequence[int], now: datetime, windows: Windows
) -> list[str]:
    """The forecast in sentences; jobs in `late` will not be done in time."""
    speed = outlook.forecast.speed
    if not outlook.work:
        return []
    if speed is None:
        return ["No speed measured yet; see `nightreel status` once some footage is processed."]
    lead = f"At the speed measured on this machine ({speed_in_words(speed, outlook.workers)}) "
    end = outlook.forecast.end
    by = (
        f"it is expected to finish by {when(end, now, windows.zone)}."
        if end
        else "no estimate for some of it."
    )
    return [lead + by, *_late(outlook, late, now, windows)]


def _late(outlook: Outlook, late: Sequence[int], now: datetime, windows: Windows) -> list[str]:
    named = [
        f"{work.name} ({_end_in_words(outlook, work, now, windows)})"
        for work in outlook.work
        if work.analysis_id in late
    ]
    if not named:
        return []
    more = [f"and {len(named) - MOST_NAMES} more"] if len(named) > MOST_NAMES else []
    names = ", ".join([*named[:MOST_NAMES], *more])
    return [
        f"{len(named)} of {len(outlook.work)} recordings are not expected to finish in time: "
        f"{names}."
    ]


def _end_in_words(outlook: Outlook, work: RemainingWork, now: datetime, windows: Windows) -> str:
    if work.paused:
        return "paused"
    end = _end(outlook, work)
    return when(end, now, windows.zone) if end else "unknown"


def _end(outlook: Outlook, work: RemainingWork) -> datetime | None:
    return outlook.forecast.ends[work.analysis_id]


def _workers() -> int:
    """The workers of this machine: those that run, or that `up` will start."""
    settings = resources().settings
    stack = running(settings.home_folder)
    if stack:
        return stack.workers
    return 0 if settings.broker_url else settings.workers


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
