"""The queue in numbers: what is done and left, and when it will be done."""

from dataclasses import dataclass

from pipeline.act import Caller
from pipeline.planning.outlook import Outlook, look_ahead
from pipeline.planning.windows import Windows
from storage.database.database import reading
from storage.jobs.night import Totals, totals


@dataclass(frozen=True, slots=True)
class Queue:
    """All footage added up, and the forecast of what is left."""

    totals: Totals
    outlook: Outlook


def look_at_queue(caller: Caller, *, workers: int, windows: Windows) -> Queue:
    """Read it; `workers` are those meant to run on this machine. Raises StoreUnavailable."""
    with reading(caller.database) as session:
        outlook = look_ahead(session, workers=workers, windows=windows, now=caller.now)
        return Queue(totals(session), outlook)
