"""The words in which every statement says what was compared, and what was left out and why."""

import re
from datetime import UTC, datetime, timedelta

FROM, UNTIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
"""The recording period of the case."""
INSIDE = FROM + timedelta(hours=9)
NOBODY_SAYS = "nobody says when"
"""Why footage without a recording time was left out."""
NO_PHOTO = "no usable photo"
"""Why a person was compared with nothing."""
DISAGREE = "further apart than the threshold"
"""What is said of photos of one name that may not be of one person."""
FOUND_NOBODY = ("No candidates within the threshold", "none within the threshold")
"""An absence without what it rests on."""


def compared(text: str) -> list[tuple[int, ...]]:
    """Every statement in a text: faces compared, of how many, in recordings, of how many."""
    found = re.findall(
        r"[Cc]ompared with ([\d,]+) of ([\d,]+) faces? in ([\d,]+) of ([\d,]+) recordings?",
        in_one_line(text),
    )
    return [tuple(int(number.replace(",", "")) for number in one) for one in found]


def in_one_line(page: str) -> str:
    """The words of a page or of an output, without tags and line breaks."""
    return " ".join(re.sub(r"<style.*?</style>|<[^>]*>", " ", page, flags=re.S).split())
