"""Recordings that are in the archive already are given to a case, and taken from it."""

import pytest
from callers import caller
from judged import CASE, KEYS, LATER, fill
from rows import NOW
from sqlalchemy import Engine

from errors import NotAuthorised, NotFound
from pipeline.intake.case_footage import add, remove
from storage.access.audit import entries
from storage.cases.case_terms import close_case
from storage.cases.scope import has_footage
from storage.database.database import reading, writing
from storage.results.case_view import number_of_candidates
from storage.results.comparison_keys import recording_key
from storage.results.comparisons import note_analysis, note_people, stale_analyses
from storage.tables import Analysis, Case, FaceGroup, GroupMember, State

ACTOR = "token:4"


@pytest.fixture
def store(database: Engine) -> Engine:
    """Case 1 has three candidates in recording 1, which was added for none."""
    fill(database)
    return database


def act(store: Engine, what: object, recording: int = 1) -> object:
    return what(caller(store, ACTOR, LATER), CASE, recording)  # type: ignore[operator]


def test_a_recording_is_added_once_and_is_to_be_compared_again(store: Engine) -> None:
    with writing(store) as session:
        note_people(session, [1], "stub", NOW)
        session.get_one(Analysis, 1).state = State.DONE
        note_analysis(session, 1, recording_key(session, 1), NOW)
    assert act(store, add) == [1]
    with reading(store) as session:
        assert has_footage(session, CASE)
        assert stale_analyses(session) == [1]
    assert act(store, add) == []
    with reading(store) as session:
        log = [(one.action, one.actor, one.case_id, one.objects) for one in entries(session)]
    assert log[0] == ("recording_added", ACTOR, CASE, '{"known_before":false,"recording_id":1}')
    assert '"known_before":true' in log[1][3]


def test_with_a_recording_go_its_candidates_and_its_places_in_groups(store: Engine) -> None:
    act(store, add)
    with writing(store) as session:
        session.get_one(Case, CASE).sources = ["added"]
        session.add(FaceGroup(case_id=CASE, engine="stub", made_at=NOW))
        session.flush()
        session.add(GroupMember(group_id=1, appearance_id=KEYS[0].appearance_id))

    assert act(store, remove) == 3

    with reading(store) as session:
        assert session.get(GroupMember, (1, KEYS[0].appearance_id)) is None
        assert number_of_candidates(session, CASE) == 0
        assert not has_footage(session, CASE)
        last = list(entries(session))[-1]
    assert last.action == "case_changed"
    assert last.objects == '{"candidates":3,"recording_id":1,"what":"footage-removed"}'


def test_what_a_case_allows_otherwise_stays_its_candidates(store: Engine) -> None:
    act(store, add)
    assert act(store, remove) == 0
    with reading(store) as session:
        assert number_of_candidates(session, CASE) == 3


def test_neither_an_unknown_recording_nor_one_it_does_not_have(store: Engine) -> None:
    with pytest.raises(NotFound, match="No such recording"):
        act(store, add, 9)
    with pytest.raises(NotFound, match="added for this case"):
        act(store, remove)


def test_a_case_that_is_closed_gets_and_loses_nothing(store: Engine) -> None:
    with writing(store) as session:
        close_case(session, CASE, NOW)
    for what in (add, remove):
        with pytest.raises(NotAuthorised, match="was closed"):
            act(store, what)
    with reading(store) as session:
        assert [one.action for one in entries(session)] == ["refused", "refused"]
