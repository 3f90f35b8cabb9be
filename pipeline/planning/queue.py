"""The queue in numbers: finished and remaining work, and when it will be done."""

from dataclasses import dataclass

from pipeline.act import Caller
from pipeline.planning.outlook import Outlook, look_ahead
from pipeline.planning.windows import Windows
from storage.database.database import reading
from storage.jobs.night import Totals, totals


@dataclass(frozen=True, slots=True)
class Queue:
    """The totals of all footage, and the forecast of the remaining work."""

    totals: Totals
    outlook: Outlook


def look_at_queue(caller: Caller, *, workers: int, windows: Windows) -> Queue:
    """Read the queue; `workers` is as in `look_ahead`. Raises StoreUnavailable."""
    with reading(caller.database) as session:
        outlook = look_ahead(session, workers=workers, windows=windows, now=caller.now)
        return Queue(totals(session), outlook)
