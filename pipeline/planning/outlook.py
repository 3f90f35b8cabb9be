"""The remaining work, and when it will be done."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from pipeline.act import Caller
from pipeline.planning.forecast import Forecast, Pace, forecast
from pipeline.planning.windows import Windows
from storage.database.database import Session, reading, writing
from storage.jobs.night import Totals, totals
from storage.jobs.pace import RemainingWork, remaining_work, set_due, watched_lately
from storage.jobs.reaper import owners
from storage.jobs.workers import Fleet, fleet


@dataclass(frozen=True, slots=True)
class Outlook:
    """The remaining work, in the order in which workers will process it, and its forecast."""

    work: list[RemainingWork]
    forecast: Forecast
    workers: int

    @property
    def end(self) -> datetime | None:
        """When the last unpaused analysis ends; None if that is unknown or there is none."""
        return self.forecast.only([item.analysis_id for item in self.work if not item.paused]).end

    def only(self, analysis_ids: Collection[int]) -> "Outlook":
        """The outlook for some of the analyses; their ends still account for the others."""
        work = [item for item in self.work if item.analysis_id in analysis_ids]
        return replace(self, work=work, forecast=self.forecast.only(analysis_ids))


def expect(
    caller: Caller,
    analysis_ids: Collection[int],
    finish_by: datetime,
    *,
    workers: int,
    windows: Windows,
) -> Outlook:
    """Store the deadline of these analyses, and forecast them among all remaining work.

    `workers` is as in `look_ahead`. Raises StoreUnavailable.
    """
    with writing(caller.database) as session:
        set_due(session, analysis_ids, finish_by)
        everything = look_ahead(session, workers=workers, windows=windows, now=caller.now)
    return everything.only(analysis_ids)


def count_work(caller: Caller) -> tuple[Totals, Fleet]:
    """The totals of jobs and footage, and the workers that report. Raises StoreUnavailable."""
    with reading(caller.database) as session:
        return totals(session), fleet(session, caller.now)


def look_ahead(session: Session, *, workers: int, windows: Windows, now: datetime) -> Outlook:
    """Forecast all remaining work, from the speed of the latest segments.

    `workers` is the number configured for this machine. If more report that they are alive, or
    more hold a segment now, that number counts.
    """
    at_work = {owner.partition(".")[0] for owner in owners(session)}
    workers = max(workers, len(at_work), fleet(session, now).processes)
    work = remaining_work(session)
    pace = Pace.measured(watched_lately(session))
    return Outlook(work, forecast(work, pace, workers=workers, windows=windows, now=now), workers)
