"""Moments as people say them, on the clock of a zone."""

from datetime import datetime, timedelta, tzinfo


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
