"""Candidates are listed a piece at a time, by person, rank and id."""

from judged import ADA, CASE, LATER, PASSPORT, fill
from rows import NOW, PLAN, found, presence, segments
from sqlalchemy import Engine

from footage.alignment import Overlap
from pipeline.act import Caller
from pipeline.analysis.overlaps import SameAs
from pipeline.judging.overview import candidates_from, page_of_candidates
from storage.access.audit import entries
from storage.database.database import reading, writing
from storage.jobs.overlaps import remember_overlap
from storage.jobs.recordings import add
from storage.results.ranking import Match, replace_candidates
from storage.vectors.appearances import replace_appearances


def test_what_stands_behind_a_place_comes_in_order(database: Engine) -> None:
    fill(database, appearances=5)
    behind, ranks = (0, 0, 0), []
    program = Caller(database, "token:4", LATER)
    while rows := candidates_from(program, CASE, behind=behind, most=2).rows:
        ranks.append([one.row.rank for one in rows])
        last = rows[-1].row
        behind = (last.person_id, last.rank, last.id)
    assert ranks == [[1, 2], [3, 4], [5]]
    with reading(database) as session:
        assert {(one.action, one.actor) for one in entries(session)} == {
            ("candidates_viewed", "token:4")
        }


def test_a_moment_of_footage_that_was_added_twice_names_the_first_also_on_another_page(
    database: Engine,
) -> None:
    fill(database, appearances=2)
    with writing(database) as session:
        again = add(session, found("b" * 64, "/again.mp4"), segments=segments(), now=NOW, **PLAN)
        ids = replace_appearances(session, again.analysis_id, [presence(4_000)])
        far = [Match(ADA, ids[0], PASSPORT, 0.5, 0.6)]
        replace_candidates(session, reference_ids=[PASSPORT], appearance_ids=ids, matches=far)
        remember_overlap(session, 1, again.recording_id, Overlap(0, 0, 20_000, 0.9))
    analyst = Caller(database, "uid:1000", LATER)
    listed = page_of_candidates(analyst, CASE, first=0)
    last = page_of_candidates(analyst, CASE, first=2)
    repeats = {one.row.rank: one.same_as for one in listed.rows}
    assert repeats == {1: None, 2: None, 3: SameAs("gate.mp4", 4_000, rank=2)}
    assert [one.same_as for one in last.rows] == [repeats[3]]
