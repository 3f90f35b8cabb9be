"""The appearances closest to a face, within a scope, on both databases."""

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from rows import NOW, TERMS, found, presence, segments
from sqlalchemy import Engine
from sqlmodel import select

from faces.engines.stub import StubEngine
from faces.matching import rank
from storage.cases.case_terms import open_case
from storage.cases.scope import Scope, has_footage
from storage.cases.sources import ADDED
from storage.database.database import reading, writing
from storage.jobs.control import cancel, forget
from storage.jobs.recordings import Request, add
from storage.results.reach import Extent, Reach, Unsearched, reach
from storage.results.seen import seen_by_id
from storage.tables import Analysis, Segment, State
from storage.vectors.appearances import replace_appearances
from storage.vectors.nearest import InFile, Near, Proposed, nearest, strategy

CARD = replace(StubEngine().card, dimension=8)
EVERYTHING = Scope()
TEN_SECONDS = 10_000
FACE = presence().vector[np.newaxis]


def footage(
    database: Engine,
    letter: str,
    vectors: np.ndarray = FACE,
    *,
    engine: str = "stub",
    path: str = "/footage/gate.mp4",
    later: timedelta = timedelta(),
    case_id: int | None = None,
    captured_at: datetime | None = None,
    state: State = State.DONE,
) -> int:
    """A recording of ten seconds that was watched, and shows these; returns its analysis."""
    with writing(database) as session:
        known = add(
            session,
            found(letter * 64, path, duration_ms=TEN_SECONDS),
            plan_key=f"plan-{engine}",
            plan_body=f'{{"engine": "{engine}"}}',
            segments=segments(1),
            now=NOW + later,
            request=Request(case_id=case_id, captured_at=captured_at),
        )
        seen = [replace(presence(3_000 * n), vector=v) for n, v in enumerate(vectors)]
        if state in (State.DONE, State.GAPS):
            replace_appearances(session, known.analysis_id, seen)
            session.get_one(Analysis, known.analysis_id).state = state
    return known.analysis_id


def names(database: Engine, scope: Scope = EVERYTHING, limit: int = 10) -> list[str]:
    with reading(database) as session:
        near = nearest(session, FACE, card=CARD, scope=scope, limit=limit)
        known = seen_by_id(session, [one.appearance_id for one in near])
        return [known[one.appearance_id].recording_sha256[0] for one in near]


def looked_at(database: Engine, scope: Scope = EVERYTHING) -> Reach:
    with reading(database) as session:
        found = reach(session, engine="stub", scope=scope)
    # How many faces that is, is tested with what is said of a comparison.
    plain = {why: replace(extent, faces=0) for why, extent in found.not_searched.items()}
    return replace(found, searched=replace(found.searched, faces=0), not_searched=plain, faces=0)


@pytest.mark.parametrize("small", [0, 60], ids=["large", "small"])
def test_the_closest_are_those_that_a_comparison_of_all_gives(
    database: Engine, monkeypatch: pytest.MonkeyPatch, small: int
) -> None:
    monkeypatch.setattr("storage.vectors.nearest.SMALL", small)
    monkeypatch.setattr("storage.database.dialect.ROWS_AT_ONCE", 7)
    random = np.random.default_rng(5)
    vectors = random.standard_normal((60, 8)).astype(np.float32)
    photos = random.standard_normal((3, 8)).astype(np.float32)
    card = replace(CARD, threshold=1.2)
    footage(database, "a", vectors)
    with reading(database) as session:
        found = nearest(session, photos, card=card, scope=EVERYTHING, limit=20)
    wanted = rank(vectors, photos, kind=card.distance, threshold=card.threshold)[:20]
    assert len(wanted) == 20
    assert found == [Near(one.distance, one.appearance + 1, one.reference) for one in wanted]


def test_how_a_database_is_searched_is_chosen_by_what_it_is(database: Engine) -> None:
    way = {"sqlite": InFile, "postgresql": Proposed}[database.dialect.name]
    with reading(database) as session, strategy(session, CARD, EVERYTHING) as chosen:
        assert type(chosen) is way


def test_an_empty_archive_holds_nobody(database: Engine) -> None:
    assert names(database) == []
    assert looked_at(database) == Reach(Extent(), 0, {}, 0, 0, ())


def test_what_another_engine_saw_is_not_compared_but_counted(database: Engine) -> None:
    footage(database, "a", np.ones((2, 3), np.float32), engine="other")
    footage(database, "b")
    assert names(database) == ["b"]
    assert looked_at(database).not_searched == {Unsearched.OTHER_ENGINE: Extent(1, TEN_SECONDS)}


def test_a_limit_keeps_the_closest(database: Engine) -> None:
    askew = FACE + np.float32(0.05) * np.arange(8, dtype=np.float32)
    footage(database, "a", askew)
    footage(database, "b")
    assert names(database, limit=1) == ["b"]


@pytest.mark.parametrize(
    ("scope", "left"),
    [
        (Scope(source="gate"), "a"),
        (Scope(source="/north/"), "b"),
        (Scope(source="Gate"), ""),
        (Scope(source="%"), ""),
        (Scope(added_from=NOW + timedelta(hours=1)), "b"),
        (Scope(added_until=NOW + timedelta(hours=1)), "a"),
        (Scope(added_from=NOW, added_until=NOW), ""),
    ],
)
def test_filters_are_applied_by_the_database(database: Engine, scope: Scope, left: str) -> None:
    footage(database, "a", path="/south/gate.mp4")
    footage(database, "b", path="/north/yard.mp4", later=timedelta(hours=1))
    assert names(database, scope) == list(left)
    outside = looked_at(database, scope).not_searched[Unsearched.OUTSIDE_FILTERS]
    assert outside == Extent(2 - len(left), TEN_SECONDS * (2 - len(left)))


def test_a_path_that_is_no_text_can_be_asked_for(database: Engine) -> None:
    footage(database, "a", path="/footage/\udcff/gate.mp4")
    assert names(database, Scope(source="\udcff/gate")) == ["a"]


def test_a_case_keeps_the_search_to_its_footage(database: Engine) -> None:
    with writing(database) as session:
        terms = TERMS | {"sources": [ADDED]}
        case = open_case(session, reference="A-1", now=NOW, **terms)
        assert not has_footage(session, case.id)
    footage(database, "a", case_id=case.id)
    footage(database, "b")
    with reading(database) as session:
        assert has_footage(session, case.id)
    assert names(database, Scope(case)) == ["a"]
    not_searched = looked_at(database, Scope(case)).not_searched
    assert not_searched == {Unsearched.OUTSIDE_CASE: Extent(1, TEN_SECONDS)}


def test_footage_of_a_case_that_nobody_dates_is_counted_apart_from_what_is_outside_of_it(
    database: Engine,
) -> None:
    window = {"footage_from": NOW, "footage_until": NOW + timedelta(hours=1)}
    terms = TERMS | window | {"sources": ["/gate/"]}
    with writing(database) as session:
        case = open_case(session, reference="A-1", now=NOW, **terms)
    footage(database, "a", path="/gate/1.mp4", captured_at=NOW)
    footage(database, "b", path="/gate/2.mp4", captured_at=NOW - timedelta(hours=1))
    footage(database, "c", path="/gate/3.mp4")
    footage(database, "d", path="/yard/4.mp4")
    footage(database, "e", path="/yard/5.mp4", case_id=case.id)
    covered = looked_at(database, Scope(case))
    assert covered.searched.recordings == 2
    assert covered.not_searched == {
        Unsearched.OUTSIDE_CASE: Extent(1, TEN_SECONDS),
        Unsearched.OUTSIDE_WINDOW: Extent(1, TEN_SECONDS),
        Unsearched.UNDATED: Extent(1, TEN_SECONDS),
    }
    assert looked_at(database, Scope(case, own_only=True)).not_searched == {
        Unsearched.OUTSIDE_CASE: Extent(4, 4 * TEN_SECONDS)
    }


def test_footage_that_was_not_watched_is_counted_with_its_reason(database: Engine) -> None:
    footage(database, "a", state=State.WAITING)
    dropped = footage(database, "b", state=State.WAITING)
    with writing(database) as session:
        cancel(session, [dropped], NOW)
    assert looked_at(database) == Reach(
        Extent(),
        0,
        {
            Unsearched.NOT_PROCESSED: Extent(1, TEN_SECONDS),
            Unsearched.CANCELLED: Extent(1, TEN_SECONDS),
        },
        0,
        0,
        (),
    )


def test_gaps_of_searched_footage_are_counted(database: Engine) -> None:
    analysis_id = footage(database, "a", state=State.GAPS)
    with writing(database) as session:
        (segment,) = session.exec(select(Segment).filter_by(analysis_id=analysis_id))
        segment.state, segment.gaps = State.DONE, [[1_000, 1_500], [4_000, 6_000]]
    assert looked_at(database) == Reach(Extent(1, TEN_SECONDS), 2_500, {}, 0, 0, ())


def test_what_is_forgotten_is_not_found(database: Engine) -> None:
    footage(database, "a")
    footage(database, "b")
    with writing(database) as session:
        forget(session, [1])
    assert names(database) == ["b"]


def test_what_is_forgotten_during_a_search_is_left_out(database: Engine) -> None:
    footage(database, "a")
    footage(database, "b")
    with reading(database) as session:
        near = nearest(session, FACE, card=CARD, scope=EVERYTHING, limit=10)
    with writing(database) as session:
        forget(session, [1])
    with reading(database) as session:
        known = seen_by_id(session, [one.appearance_id for one in near])
    assert [one.recording_sha256[0] for one in known.values()] == ["b"]
