"""What is left to be watched, and when that will be done."""

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
    """The remaining work in the order in which workers will come to it, and its forecast."""

    work: list[RemainingWork]
    forecast: Forecast
    workers: int

    @property
    def end(self) -> datetime | None:
        """When the last that is not paused ends; None when that is unknown or there is none."""
        return self.forecast.only([one.analysis_id for one in self.work if not one.paused]).end

    def only(self, analysis_ids: Collection[int]) -> "Outlook":
        """The same for some of the analyses, whose ends are the same beside the others."""
        work = [one for one in self.work if one.analysis_id in analysis_ids]
        return replace(self, work=work, forecast=self.forecast.only(analysis_ids))


def expect(
    caller: Caller,
    analysis_ids: Collection[int],
    finish_by: datetime,
    *,
    workers: int,
    windows: Windows,
) -> Outlook:
    """Store when these are wanted by, and forecast them beside all that is left.

    Raises StoreUnavailable.
    """
    with writing(caller.database) as session:
        set_due(session, analysis_ids, finish_by)
        everything = look_ahead(session, workers=workers, windows=windows, now=caller.now)
    return everything.only(analysis_ids)


def count_work(caller: Caller) -> tuple[Totals, Fleet]:
    """Jobs and footage added up, and the workers that report. Raises StoreUnavailable."""
    with reading(caller.database) as session:
        return totals(session), fleet(session, caller.now)


def look_ahead(session: Session, *, workers: int, windows: Windows, now: datetime) -> Outlook:
    """Forecast everything that is left, from the speed of the segments that were done last.

    `workers` are those that are meant to run on this machine; more are counted when more report
    that they are alive, or hold a segment now.
    """
    at_work = {owner.partition(".")[0] for owner in owners(session)}
    workers = max(workers, len(at_work), fleet(session, now).processes)
    work = remaining_work(session)
    pace = Pace.measured(watched_lately(session))
    return Outlook(work, forecast(work, pace, workers=workers, windows=windows, now=now), workers)
