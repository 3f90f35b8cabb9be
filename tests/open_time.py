"""How much of a time is open, counted window by window."""

from datetime import datetime, timedelta

from pipeline.planning.windows import Windows


def open_seconds(some: Windows, begin: datetime, end: datetime) -> float:
    """How many seconds between the two times are open."""
    total, at = timedelta(), begin
    while (opening := some.opens_at(at)) < end:
        at = min(some.closes_at(opening) or end, end)
        total += at - opening
    return total.total_seconds()
