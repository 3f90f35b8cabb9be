"""Whatever was not asked of a worker is found and asked again."""

from datetime import timedelta

import pytest
from rows import NOW, PLAN, found, segments
from sqlalchemy import Engine

from storage.database.database import writing
from storage.jobs import dispatcher, ledger, reaper
from storage.jobs.recordings import Request, add
from storage.tables import Priority

HOUR = timedelta(hours=1)


@pytest.fixture
def analysis_id(database: Engine) -> int:
    with writing(database) as session:
        return add(session, found(), segments=segments(3), now=NOW, **PLAN).analysis_id


@pytest.mark.usefixtures("analysis_id")
def test_new_segments_are_unasked_until_someone_is_asked(database: Engine) -> None:
    with writing(database) as session:
        assert dispatcher.undispatched(session) == [1, 2, 3]
        dispatcher.mark_asked(session, [1, 3], NOW)
        assert dispatcher.undispatched(session) == [2]
        assert dispatcher.undispatched(session, limit=0) == []


@pytest.mark.usefixtures("analysis_id")
def test_a_message_that_got_lost_is_noticed_after_a_while(database: Engine) -> None:
    with writing(database) as session:
        dispatcher.mark_asked(session, [1, 2, 3], NOW)
        dispatcher.mark_asked(session, [2], NOW + HOUR)
        assert dispatcher.undispatched(session, asked_before=NOW + HOUR) == [1, 3]


@pytest.mark.usefixtures("analysis_id")
def test_a_segment_at_work_is_not_asked_for_but_one_given_back_is(database: Engine) -> None:
    with writing(database) as session:
        dispatcher.mark_asked(session, [1, 2, 3], NOW)
        ledger.claim(session, 2, "anna", 60, NOW)
        assert dispatcher.undispatched(session, asked_before=NOW + HOUR) == [1, 3]
        ledger.release(session, 2, "anna")
        assert dispatcher.undispatched(session) == [2]


def test_an_analysis_is_ready_to_match_until_it_was_concluded(
    database: Engine, analysis_id: int
) -> None:
    with writing(database) as session:
        assert dispatcher.ready_to_match(session) == []
        for segment_id in (1, 2, 3):
            ledger.claim(session, segment_id, "anna", 60, NOW)
            ledger.record_failure(session, segment_id, "anna", "No.", True)
        assert dispatcher.ready_to_match(session) == [analysis_id]
        dispatcher.mark_match_asked(session, [analysis_id], NOW)
        assert dispatcher.ready_to_match(session) == []
        assert dispatcher.ready_to_match(session, asked_before=NOW + HOUR) == [analysis_id]
        ledger.conclude(session, analysis_id, NOW)
        assert dispatcher.ready_to_match(session, asked_before=NOW + HOUR) == []


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
        assert dispatcher.ready_to_match(session) == [analysis_id]


class TestSites:
    """Segments 1 to 3 of footage at `default`, 4 to 6 at the harbour."""

    @pytest.fixture(autouse=True)
    def footage(self, database: Engine) -> None:
        here, harbour = Request(), Request(Priority.URGENT, site="harbour")
        with writing(database) as session:
            for letter, request in (("a", here), ("b", harbour)):
                kept = {"segments": segments(3), "now": NOW, **PLAN}
                add(session, found(letter * 64), request=request, **kept)

    def test_what_is_urgent_elsewhere_is_not_begun_here(self, database: Engine) -> None:
        with writing(database) as session:
            assert dispatcher.most_urgent(session, 2, NOW, sites=["default"]) == 2
            assert dispatcher.most_urgent(session, 2, NOW, sites=["default", "harbour"]) == 4

    def test_what_cannot_be_reached_is_not_begun(self, database: Engine) -> None:
        with writing(database) as session:
            assert dispatcher.most_urgent(session, 5, NOW, sites=["default"]) is None

    def test_each_is_asked_for_at_its_site(self, database: Engine) -> None:
        with writing(database) as session:
            assert dispatcher.waiting_sites(session) == ["default", "harbour"]
            assert dispatcher.undispatched(session, sites=["default"]) == [1, 2, 3]
            assert dispatcher.by_site(session, [5, 1, 4, 99]) == {"harbour": [5, 4], "default": [1]}

    def test_footage_is_where_it_was_last_added(self, database: Engine) -> None:
        with writing(database) as session:
            add(session, found("b" * 64), segments=[], now=NOW, **PLAN)
            assert dispatcher.waiting_sites(session) == ["default"]
