"""Moments as people say them, on the clock of a zone, and as they type them."""

from datetime import UTC, datetime, timedelta, tzinfo

from errors import WrongUsage
from storage.cases.cases import EVER

TYPED = "%Y-%m-%dT%H:%M"
"""As browsers send a field for a moment."""


def when(moment: datetime, now: datetime, zone: tzinfo | None) -> str:
    """`05:40` within the coming day, `Tue 05:40` within a week, else with the date.

    `zone` None is the machine's.
    """
    wall = moment.astimezone(zone)
    if timedelta() <= moment - now < timedelta(days=1):
        return f"{wall:%H:%M}"
    if abs(moment - now) < timedelta(days=6):
        return f"{wall:%a %H:%M}"
    return f"{wall:%Y-%m-%d %H:%M}"


def as_typed(moment: datetime) -> str:
    """What a field for a moment shows, in UTC and to the minute; nothing for an end of EVER."""
    return "" if moment in EVER else moment.astimezone(UTC).strftime(TYPED)


def typed(text: str) -> datetime:
    """The moment in UTC that somebody typed. Raises WrongUsage."""
    try:
        return datetime.strptime(text, TYPED).replace(tzinfo=UTC)
    except ValueError:
        raise WrongUsage("Invalid date and time; use the form 2026-11-26T05:40.") from None
