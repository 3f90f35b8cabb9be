"""What listings and reports read."""

from rows import NOW, PLAN, TERMS, found, presence, segments
from sqlalchemy import Engine

from storage.cases.case_terms import open_case
from storage.cases.people import add_person
from storage.database.database import reading, writing
from storage.jobs import ledger, listing
from storage.jobs.recordings import add
from storage.tables import State
from storage.vectors.appearances import replace_appearances

OTHER_PLAN = {"plan_key": "f" * 16, "plan_body": '{"engine": "dlib"}'}


def test_analyses_are_listed_the_oldest_first_and_by_plan(database: Engine) -> None:
    with writing(database) as session:
        first = add(session, found(), segments=segments(), now=NOW, **PLAN).analysis_id
        second = add(session, found(), segments=segments(), now=NOW, **OTHER_PLAN).analysis_id
    with reading(database) as session:
        assert listing.all_analyses(session) == [first, second]
        assert listing.all_analyses(session, plan_key="f" * 16) == [second]
        assert listing.plan_body(session, second) == '{"engine": "dlib"}'


def test_segments_are_listed_as_they_stand(database: Engine) -> None:
    with writing(database) as session:
        added = add(session, found(), segments=segments(2), now=NOW, **PLAN)
        ledger.claim(session, 2, "anna", 60, NOW)
        ledger.record_failure(session, 2, "anna", "ffmpeg died.", True)
        rows = listing.segment_rows(session, added.analysis_id)
    assert [(row.index, row.state, row.reason) for row in rows] == [
        (0, State.WAITING, None),
        (1, State.QUARANTINED, "ffmpeg died."),
    ]


def test_a_report_finds_people_spans_and_what_the_header_claimed(database: Engine) -> None:
    with writing(database) as session:
        case = open_case(session, reference="A-1", now=NOW, **TERMS)
        for name in ("Grace", "Ada"):
            add_person(session, case_id=case.id, name=name, now=NOW)
        claiming = found(duration_claimed_ms=31_000)
        added = add(session, claiming, segments=segments(), now=NOW, **PLAN)
        replace_appearances(session, added.analysis_id, [presence(0), presence(7_000)])
    with reading(database) as session:
        assert listing.people_of_case(session, case.id) == [(1, "Grace"), (2, "Ada")]
        assert listing.spans(session, added.analysis_id) == [(0, 2_000), (7_000, 9_000)]
        assert listing.claimed_duration_ms(session, added.recording_id) == 31_000
