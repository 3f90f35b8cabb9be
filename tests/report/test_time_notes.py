"""Footage of a case says if nobody knows when it was recorded, or if that was at another time."""

from datetime import timedelta

import pytest
from rows import NOW, PLAN, TERMS, found, segments
from sqlalchemy import Engine
from sqlmodel import select

from report.recording_times import time_note
from storage.cases.case_terms import open_case
from storage.cases.scope import Scope, within
from storage.database.database import writing
from storage.database.moments import milliseconds
from storage.jobs.progress import Outcome, outcomes
from storage.jobs.recordings import Request, add
from storage.tables import Recording

WINDOW = {"footage_from": NOW, "footage_until": NOW + timedelta(hours=1)}
WORDS = "2026-01-05T12:34:56.000000Z"


def noted(database: Engine, window: dict[str, object], **claims: object) -> tuple[str, bool]:
    """The note on a case's own footage of 30 s, and whether the case covers it."""
    with writing(database) as session:
        case = open_case(session, reference="A-1", now=NOW, **TERMS | window)
        request = Request(case_id=case.id)
        add(session, found(**claims), segments=segments(), now=NOW, request=request, **PLAN)
        (outcome,) = outcomes(session, [1])
        covered = session.exec(select(Recording.id).where(within(session, Scope(case)))).all()
    assert isinstance(outcome, Outcome)
    return time_note(case, outcome), bool(covered)


def test_footage_that_nobody_dates_is_told(database: Engine) -> None:
    note, is_covered = noted(database, WINDOW)
    assert note.startswith("Nobody says when it was recorded, and the case has a recording period")
    assert is_covered


def test_a_date_of_the_file_that_keeps_it_out_is_told_in_the_words_of_the_file(
    database: Engine,
) -> None:
    claimed = {"captured_claimed_ms": 1_767_616_496_000, "captured_words": WORDS}
    note, is_covered = noted(database, WINDOW, **claimed)
    assert f"The file says it was recorded 2026-01-05 12:34:56 UTC (“{WORDS}”)" in note
    assert "not compared" in note
    assert not is_covered


@pytest.mark.parametrize("window", [WINDOW, {}])
@pytest.mark.parametrize("seconds", [-31, -30, -29, 0, 3599, 3600, 3601])
def test_what_is_covered_is_what_no_note_denies(
    database: Engine, window: dict[str, object], seconds: int
) -> None:
    claimed_ms = milliseconds(NOW + timedelta(seconds=seconds))
    note, is_covered = noted(database, window, captured_claimed_ms=claimed_ms)
    assert (note == "") == is_covered


def test_a_case_without_a_recording_period_needs_no_time(database: Engine) -> None:
    assert noted(database, {}) == ("", True)
