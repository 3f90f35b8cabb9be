"""Whatever was not asked of a worker is found and asked again."""

from datetime import timedelta

import pytest
from rows import NOW, PLAN, found, segments
from sqlalchemy import Engine

from storage import agenda, ledger, reaper
from storage.database import writing
from storage.recordings import add

HOUR = timedelta(hours=1)


@pytest.fixture
def analysis_id(database: Engine) -> int:
    with writing(database) as session:
        return add(session, found(), segments=segments(3), now=NOW, **PLAN).analysis_id


@pytest.mark.usefixtures("analysis_id")
def test_new_segments_are_unasked_until_someone_is_asked(database: Engine) -> None:
    with writing(database) as session:
        assert agenda.unasked(session) == [1, 2, 3]
        agenda.mark_asked(session, [1, 3], NOW)
        assert agenda.unasked(session) == [2]
        assert agenda.unasked(session, limit=0) == []


@pytest.mark.usefixtures("analysis_id")
def test_a_message_that_got_lost_is_noticed_after_a_while(database: Engine) -> None:
    with writing(database) as session:
        agenda.mark_asked(session, [1, 2, 3], NOW)
        agenda.mark_asked(session, [2], NOW + HOUR)
        assert agenda.unasked(session, asked_before=NOW + HOUR) == [1, 3]


@pytest.mark.usefixtures("analysis_id")
def test_a_segment_at_work_is_not_asked_for_but_one_given_back_is(database: Engine) -> None:
    with writing(database) as session:
        agenda.mark_asked(session, [1, 2, 3], NOW)
        ledger.claim(session, 2, "anna", 60, NOW)
        assert agenda.unasked(session, asked_before=NOW + HOUR) == [1, 3]
        ledger.give_back(session, 2, "anna")
        assert agenda.unasked(session) == [2]


def test_an_analysis_is_ready_to_match_until_it_was_concluded(
    database: Engine, analysis_id: int
) -> None:
    with writing(database) as session:
        assert agenda.ready_to_match(session) == []
        for segment_id in (1, 2, 3):
            ledger.claim(session, segment_id, "anna", 60, NOW)
            ledger.record_failure(session, segment_id, "anna", "No.", True)
        assert agenda.ready_to_match(session) == [analysis_id]
        agenda.mark_match_asked(session, [analysis_id], NOW)
        assert agenda.ready_to_match(session) == []
        assert agenda.ready_to_match(session, asked_before=NOW + HOUR) == [analysis_id]
        ledger.conclude(session, analysis_id, NOW)
        assert agenda.ready_to_match(session, asked_before=NOW + HOUR) == []


def test_the_reaper_makes_an_analysis_ready_to_match_when_it_gives_up_the_last_segment(
    database: Engine, analysis_id: int
) -> None:
    with writing(database) as session:
        for segment_id in (1, 2):
            ledger.claim(session, segment_id, "anna", 60, NOW)
            ledger.record_failure(session, segment_id, "anna", "No.", True)
        for attempt in (1, 2, 3):
            ledger.claim(session, 3, f"worker {attempt}", 60, NOW + attempt * HOUR)
        reaper.expired(session, NOW + 4 * HOUR)
        assert agenda.ready_to_match(session) == [analysis_id]
