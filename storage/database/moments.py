"""Times as milliseconds, which both databases can add to, and as text."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970 UTC of an aware time."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def in_utc(moment: datetime) -> str:
    """An aware time as text, to the minute: `2026-11-30 05:40 UTC`."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
