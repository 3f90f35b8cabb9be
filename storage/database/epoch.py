"""Times of day as numbers that both databases can add to."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def milliseconds(moment: datetime) -> int:
    """Since 1970, UTC."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)
