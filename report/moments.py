"""Times for display, in a time zone, and as typed into fields."""

from datetime import UTC, datetime, timedelta, tzinfo

from errors import WrongUsage
from storage.cases.cases import EVER

TYPED = "%Y-%m-%dT%H:%M"
"""The format in which browsers send a date-and-time field."""


def when(moment: datetime, now: datetime, zone: tzinfo | None) -> str:
    """A time for display: `05:40` in the next 24 hours, `Tue 05:40` within six days of `now`, else
    with the date.

    If `zone` is None, the machine's time zone is used.
    """
    wall = moment.astimezone(zone)
    if timedelta() <= moment - now < timedelta(days=1):
        return f"{wall:%H:%M}"
    if abs(moment - now) < timedelta(days=6):
        return f"{wall:%a %H:%M}"
    return f"{wall:%Y-%m-%d %H:%M}"


def as_typed(moment: datetime) -> str:
    """The text of a date-and-time field: UTC, to the minute; empty for the limits of EVER."""
    return "" if moment in EVER else moment.astimezone(UTC).strftime(TYPED)


def typed(text: str) -> datetime:
    """The UTC time of a date-and-time field. Raises WrongUsage for any other text."""
    try:
        return datetime.strptime(text, TYPED).replace(tzinfo=UTC)
    except ValueError:
        raise WrongUsage("Invalid date and time; use the form 2026-11-26T05:40.") from None
