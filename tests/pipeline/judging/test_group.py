"""Unknown faces are grouped within one case that allows it; what people say of groups holds."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from callers import caller
from painted import BLUE, RED, Stay, paint
from rows import NOW, PLAN, TERMS, add_accounts, add_reference, found, presence, reference
from sqlalchemy import Engine
from sqlmodel import select
from steps import watch_all

from errors import NotAuthorised, UnusablePhoto, WrongUsage
from faces.engines.stub import StubEngine
from footage.alignment import Overlap
from pipeline.act import Caller
from pipeline.analysis.match import match_analysis
from pipeline.analysis.migrate import migrate
from pipeline.analysis.rematch import match_person
from pipeline.clock import utc_now
from pipeline.context import Context
from pipeline.intake.ingest import ingest_file
from pipeline.judging.group import (
    Groups,
    make_groups,
    merge_groups,
    promote_group,
    split_group,
    view_groups,
)
from pipeline.people.enrol import Enrolled
from pipeline.people.withdraw import withdraw
from pipeline.plan import Plan
from storage import tables
from storage.access.audit import entries
from storage.cases.case_terms import close_case, open_case
from storage.cases.people import add_person
from storage.cases.references import left_out
from storage.database.database import reading, writing
from storage.jobs.control import forget
from storage.jobs.overlaps import remember_overlap
from storage.jobs.recordings import Request, add
from storage.results.candidates import candidates, places
from storage.results.groups import drop_groups_of_ended
from storage.results.ranking import Match, replace_candidates
from storage.tables import Decision, State
from storage.vectors.appearances import replace_appearances
from storage.vectors.embeddings import keep_vectors

CARD = replace(StubEngine.card, threshold=0.5)
A, B, C = 1, 2, 3
"""The ids of the cases in `store`."""
RED_HUE, GREEN_HUE, BLUE_HUE = 0.0, 2.0, 4.0


def vector(hue: float) -> np.ndarray:
    return np.array([np.cos(hue), np.sin(hue)], np.float32)


def watched(database: Engine, case: str, name: str, hues: Sequence[float]) -> list[int]:
    """Footage of a case in which appearances of these hues were seen, one every ten seconds."""
    with writing(database) as session:
        case_id = session.exec(select(tables.Case.id).filter_by(reference=case)).one()
        added = add(session, found(name * 64, f"/{name}.mp4"), segments=[], now=NOW,
                    request=Request(case_id=case_id), **PLAN)  # fmt: skip
        analysis = session.get_one(tables.Analysis, added.analysis_id)
        analysis.state = State.DONE
        seen = [presence(10_000 * place) for place in range(len(hues))]
        ids = replace_appearances(session, added.analysis_id, seen)
        vectors = [vector(hue) for hue in hues]
        keep_vectors(session, ids, vectors, engine="stub", weights_sha256=None)
    return ids


@pytest.fixture
def store(database: Engine) -> Engine:
    """Case A allows grouping, so does case B, and case C does not; each has the same people."""
    for name in ("A", "B", "C"):
        with writing(database) as session:
            allows = name != "C"
            open_case(session, reference=name, now=NOW, allows_grouping=allows, **TERMS)
    watched(database, "A", "a", [0.0, 2.0, 0.02])
    watched(database, "A", "b", [0.04, 2.02, 4.0])
    watched(database, "B", "c", [0.01, 2.01])
    watched(database, "C", "d", [0.03, 0.0])
    return database


def asking(database: Engine, now: datetime = NOW) -> Caller:
    return Caller(database, "uid:1", now)


def make(database: Engine, case_id: int = A) -> Groups:
    return make_groups(asking(database), case_id, card=CARD)


def promote(context: Context, group_id: int, name: str, engine: StubEngine) -> Enrolled:
    asked = asking(context.database, utc_now())
    return promote_group(asked, A, group_id, name, engine=engine, context=context)


def members(known: Groups) -> list[list[int]]:
    return [[member.seen.appearance_id for member in one.members] for one in known.groups]


def test_appearances_that_may_be_one_person_are_a_group_the_largest_first(store: Engine) -> None:
    made = make(store)
    assert members(made) == [[1, 3, 4], [2, 5]]
    assert make(store) == made
    assert [m.seen.recording for m in made.groups[0].members] == ["a.mp4", "a.mp4", "b.mp4"]


def test_no_group_reaches_into_another_case(store: Engine) -> None:
    assert members(make(store, B)) == []
    watched(store, "B", "e", [0.0])
    made = make(store, B)
    [group] = made.groups
    assert {member.seen.recording for member in group.members} == {"c.mp4", "e.mp4"}
    for act in (
        lambda: merge_groups(asking(store), A, [group.id, group.id + 1]),
        lambda: split_group(asking(store), A, group.id, [7]),
    ):
        with pytest.raises(WrongUsage, match="No group"):
            act()
    with pytest.raises(WrongUsage, match="not all"):
        [first, *_] = make(store).groups
        split_group(asking(store), A, first.id, [7])
    assert members(view_groups(asking(store), B, engine="stub")) == members(made)


def test_a_case_that_does_not_allow_it_refuses_and_the_attempt_is_recorded(store: Engine) -> None:
    with pytest.raises(NotAuthorised, match="--allow-grouping"):
        make(store, C)
    with reading(store) as session:
        assert [entry.action for entry in entries(session)] == ["refused"]


def test_a_case_that_has_ended_refuses_and_its_groups_go(store: Engine) -> None:
    make(store)
    with writing(store) as session:
        close_case(session, A, NOW)
        drop_groups_of_ended(session, NOW)
    with pytest.raises(NotAuthorised, match="closed"):
        view_groups(asking(store), A, engine="stub")
    with reading(store) as session:
        assert session.exec(select(tables.FaceGroup)).all() == []
        assert session.exec(select(tables.GroupMember)).all() == []


def test_groups_expire_with_their_case(store: Engine) -> None:
    make(store)
    late = NOW + timedelta(days=31)
    with pytest.raises(NotAuthorised, match="expired"):
        view_groups(asking(store, late), A, engine="stub")
    with writing(store) as session:
        drop_groups_of_ended(session, NOW)
        assert len(session.exec(select(tables.FaceGroup)).all()) == 2
        drop_groups_of_ended(session, late)
        assert session.exec(select(tables.FaceGroup)).all() == []


def test_what_was_split_stays_apart_and_what_was_merged_together(store: Engine) -> None:
    [reds, greens] = make(store).groups
    alone = split_group(asking(store), A, reds.id, [3])
    assert alone not in (reds.id, greens.id)
    kept = merge_groups(asking(store), A, [greens.id, reds.id])
    assert kept == min(greens.id, reds.id)
    for _ in range(2):
        again = make(store)
        assert members(again) == [[1, 2, 4, 5]]
        assert again.groups[0].id == kept


def test_the_last_word_counts(store: Engine) -> None:
    [reds, _] = make(store).groups
    apart = split_group(asking(store), A, reds.id, [1, 3])
    merge_groups(asking(store), A, [reds.id, apart])
    assert members(make(store))[0] == [1, 3, 4]
    split_group(asking(store), A, min(reds.id, apart), [3])
    assert members(make(store))[0] == [1, 4]


def test_who_was_judged_to_be_another_is_kept_apart(store: Engine) -> None:
    make(store)
    with writing(store) as session:
        add_accounts(session, 1, 2)
        person = add_person(session, case_id=1, name="Ada", now=NOW)
        photo = add_reference(session, person, reference())
        matches = [Match(person, appearance, photo, 0.1, 0.5) for appearance in (1, 4)]
        replace_candidates(session, reference_ids=[photo], appearance_ids=[1, 4], matches=matches)
        for appearance, decision in ((1, Decision.SAME), (4, Decision.DIFFERENT)):
            crop = session.get_one(tables.Appearance, appearance).crops[0]
            for place in (1, 2):
                session.add(_verdict(person, appearance, place, decision, crop))
    [first, *_] = members(make(store))
    assert not {1, 4} <= set(first)


def _verdict(
    person: int, appearance: int, place: int, decision: Decision, crop: str
) -> tables.Verdict:
    return tables.Verdict(
        person_id=person, appearance_id=appearance, account_id=place, place=place,
        decision=decision, decided_at=NOW, recording_sha256="a" * 64, start_ms=0, end_ms=1,
        best_ms=0, crop=crop, quality=0.9, distance=0.1, threshold=0.5, reference_id=1,
        engine="stub", plan_key="p", seeded=False, below_floor=False,
    )  # fmt: skip


def test_the_same_moment_of_the_same_footage_is_counted_once(store: Engine) -> None:
    with writing(store) as session:
        remember_overlap(session, 1, 2, Overlap(20_000, 0, 60_000, 0.9))
    made = make(store)
    assert (len(made.groups[0].members), made.moments[0]) == (3, 2)


def test_what_is_purged_leaves_its_groups(store: Engine) -> None:
    make(store)
    with writing(store) as session:
        forget(session, [2])
    assert members(view_groups(asking(store), A, engine="stub")) == [[1, 3], [2]]
    assert members(make(store)) == [[1, 3]]


@pytest.mark.parametrize("chosen", [[], [1, 3, 4], [2]])
def test_only_a_part_of_a_group_can_be_split_off(store: Engine, chosen: list[int]) -> None:
    [reds, _] = make(store).groups
    with pytest.raises(WrongUsage, match="not all"):
        split_group(asking(store), A, reds.id, chosen)
    assert members(view_groups(asking(store), A, engine="stub"))[0] == [1, 3, 4]


def test_a_case_without_footage_of_its_own_has_no_groups(store: Engine) -> None:
    with writing(store) as session:
        case = open_case(session, reference="D", now=NOW, allows_grouping=True, **TERMS)
    with pytest.raises(WrongUsage, match="no footage of its own"):
        make(store, case.id)


def test_every_act_is_in_the_audit_log_by_number(store: Engine) -> None:
    [reds, greens] = make(store).groups
    split_group(asking(store), A, reds.id, [3])
    merge_groups(asking(store), A, [greens.id, reds.id])
    view_groups(asking(store), A, engine="stub")
    with reading(store) as session:
        told = [(entry.actor, entry.action, entry.case_id) for entry in entries(session)]
    viewed = ("uid:1", "candidates_viewed", 1)
    assert told == [*[("uid:1", "grouped", 1)] * 3, viewed]


def test_a_group_becomes_a_person_whose_crops_are_judged_as_photos(
    context: Context, tmp_path: Path
) -> None:
    terms = TERMS | {"expires_at": utc_now() + timedelta(days=1)}
    with writing(context.database) as session:
        case = open_case(session, reference="A", now=utc_now(), allows_grouping=True, **terms)
    stays = (Stay(RED, 0, 2), Stay(RED, 5, 8), Stay(BLUE, 0, 1, x=200))
    known = ingest_file(
        paint(tmp_path / "yard.mp4", 8, *stays), context=context, plan=Plan(engine="stub"),
        now=utc_now(), request=Request(case_id=case.id),
    )  # fmt: skip
    watch_all(context)
    match_analysis(known.analysis_id, context)
    engine, now = StubEngine(40), utc_now()
    [group] = make_groups(asking(context.database, now), A, card=engine.card).groups
    with pytest.raises(UnusablePhoto, match="No usable picture in group"):
        promote_group(
            asking(context.database, utc_now()),
            A,
            group.id,
            "X",
            engine=StubEngine(300),
            context=context,
        )
    enrolled = promote_group(
        asking(context.database, utc_now()), A, group.id, "X", engine=engine, context=context
    )
    assert [one.verdict for one in enrolled.portraits] == ["good", "good"]
    [after] = view_groups(asking(context.database, now), A, engine="stub").groups
    assert after.person_id == enrolled.person_id
    with pytest.raises(WrongUsage, match="already"):
        promote_group(
            asking(context.database, utc_now()), A, group.id, "Y", engine=engine, context=context
        )


def test_what_a_picture_was_cut_from_is_no_candidate_and_is_counted(
    make_tools: Callable[..., Context], tmp_path: Path
) -> None:
    context = make_tools()
    case, engine = _seen_twice(context, tmp_path), StubEngine(40)
    [group] = make_groups(asking(context.database, utc_now()), A, card=engine.card).groups
    own = {member.seen.appearance_id for member in group.members}
    person = promote_group(
        asking(context.database, utc_now()), A, group.id, "X", engine=engine, context=context
    ).person_id
    later = paint(tmp_path / "later.mp4", 4, Stay(RED, 0, 3))
    _watch(later, context, case)
    match_person(person, context)
    with reading(context.database) as session:
        (only,) = candidates(session)
        assert left_out(session, case) == {"X": 2}
    assert (only.seen.recording, only.seen.appearance_id in own) == ("later.mp4", False)

    other = StubEngine(40, circles=3)  # who sees the same pictures again knows it too
    asks = caller(context.database)
    migrate(asks, other, case_id=None, context=context, current="stub")
    fresh = make_tools(other)
    for analysis in watch_all(fresh):
        match_analysis(analysis, fresh)
    match_person(person, fresh)
    with reading(context.database) as session:
        places_of = places(session, [person], engine="stub:3")
        assert set(places_of[person]) == {only.seen.appearance_id}


def test_what_a_picture_was_cut_from_may_be_a_candidate_once_that_is_withdrawn(
    context: Context, tmp_path: Path
) -> None:
    case, engine = _seen_twice(context, tmp_path), StubEngine(40)
    [group] = make_groups(asking(context.database, utc_now()), A, card=engine.card).groups
    enrolled = promote_group(
        asking(context.database, utc_now()), A, group.id, "X", engine=engine, context=context
    )
    match_person(enrolled.person_id, context)
    taken_back = enrolled.portraits[0]
    withdraw(caller(context.database), case, "X", taken_back.sha256[:12])
    match_person(enrolled.person_id, context)
    with reading(context.database) as session:
        (only,) = candidates(session)
        assert left_out(session, case) == {"X": 1}
    assert only.seen.appearance_id == taken_back.appearance_id


def _seen_twice(context: Context, folder: Path) -> int:
    """A case that allows grouping, in whose footage red was seen twice; returns its id."""
    terms = TERMS | {"expires_at": utc_now() + timedelta(days=1)}
    with writing(context.database) as session:
        case = open_case(session, reference="A", now=utc_now(), allows_grouping=True, **terms)
    _watch(paint(folder / "yard.mp4", 8, Stay(RED, 0, 2), Stay(RED, 5, 8)), context, case.id)
    return case.id


def _watch(film: Path, context: Context, case_id: int) -> None:
    known = ingest_file(
        film,
        context=context,
        plan=Plan(engine="stub"),
        now=utc_now(),
        request=Request(case_id=case_id),
    )
    watch_all(context)
    match_analysis(known.analysis_id, context)


def test_groups_with_two_faces_of_one_moment_are_not_merged(database: Engine) -> None:
    with writing(database) as session:
        open_case(session, reference="A", now=NOW, allows_grouping=True, **TERMS)
    watched(database, "A", "a", [RED_HUE, BLUE_HUE, GREEN_HUE])
    watched(database, "A", "b", [RED_HUE, BLUE_HUE])
    with writing(database) as session:
        first = session.get_one(tables.Appearance, 1)
        second = session.get_one(tables.Appearance, 2)
        second.start_ms, second.end_ms = first.start_ms, first.end_ms
    made = make(database).groups
    with pytest.raises(WrongUsage, match="at the same moment, so they are two people"):
        merge_groups(asking(database), A, [one.id for one in made])
    assert [len(one.members) for one in view_groups(asking(database), A, engine="stub").groups] == [
        2,
        2,
    ]
