"""Footage says when it was recorded, and who claims so."""

import pytest

from pipeline.recording_times import captured_in_words
from storage.tables import Capture

AT = 1_767_616_496_000
WORDS = "2026-01-05T12:34:56.000000Z"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((None, None, None), "nobody says when it was recorded"),
        (
            (AT, Capture.FILE, WORDS),
            f"the file says it was recorded 2026-01-05 12:34:56 UTC (“{WORDS}”)",
        ),
        ((AT, Capture.FILE, None), "the file says it was recorded 2026-01-05 12:34:56 UTC"),
        ((AT, Capture.PERSON, WORDS), "a user says it was recorded 2026-01-05 12:34:56 UTC"),
    ],
)
def test_a_recording_time_is_told_with_who_says_so(
    given: tuple[int | None, Capture | None, str | None], said: str
) -> None:
    assert captured_in_words(*given) == said
