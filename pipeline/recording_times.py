"""When footage was recorded, in words, and who says so."""

from datetime import UTC, datetime, timedelta

from storage.tables import Capture

UNKNOWN = "nobody says when it was recorded"


def captured_in_words(
    captured_ms: int | None, captured_by: Capture | None, captured_words: str | None
) -> str:
    """When a recording was made, as a clause, from its columns of the same names."""
    if captured_ms is None:
        return UNKNOWN
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=captured_ms)
    when = f"{at:%Y-%m-%d %H:%M:%S} UTC"
    if captured_by is Capture.PERSON:
        return f"a user says it was recorded {when}"
    words = f" (“{captured_words}”)" if captured_words else ""
    return f"the file says it was recorded {when}{words}"
