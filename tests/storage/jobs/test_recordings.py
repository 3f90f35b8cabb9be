"""A recording is its bytes; whatever else changes, it is the same one."""

import os
from datetime import timedelta

import pytest
from rows import NOW, PLAN, found, segments
from sqlalchemy import Engine
from sqlmodel import select

from storage import tables
from storage.database.database import reading, writing
from storage.jobs.ledger import claim
from storage.jobs.recordings import Added, AlreadyKnown, add
from storage.tables import State

OTHER_PLAN = {"plan_key": "fedcba9876543210", "plan_body": '{"engine": "dlib"}'}


def everything(engine: Engine) -> list[list[dict[str, object]]]:
    with reading(engine) as session:
        names = (tables.Recording, tables.Plan, tables.Analysis, tables.Segment)
        return [[row.model_dump() for row in session.exec(select(name))] for name in names]


def test_adding_a_recording_twice_equals_adding_it_once(database: Engine) -> None:
    with writing(database) as session:
        first = add(session, found(), segments=segments(), now=NOW, **PLAN)
    once = everything(database)
    with writing(database) as session:
        later = NOW + timedelta(hours=1)
        second = add(session, found(), segments=segments(), now=later, **PLAN)
    assert isinstance(first, Added)
    assert second == AlreadyKnown(first.recording_id, first.analysis_id, "gate.mp4", State.WAITING)
    assert everything(database) == once


def test_the_same_bytes_under_another_name_are_known_by_the_earlier_one(database: Engine) -> None:
    with writing(database) as session:
        add(session, found(path="/footage/gate.mp4"), segments=segments(), now=NOW, **PLAN)
        moved = found(path="/archive/old.mp4")
        known = add(session, moved, segments=segments(), now=NOW, **PLAN)
        assert isinstance(known, AlreadyKnown)
        assert known.name == "gate.mp4"
        recording = session.get_one(tables.Recording, known.recording_id)
        assert recording.path == b"/archive/old.mp4"


def test_another_plan_adds_an_analysis_of_its_own(database: Engine) -> None:
    with writing(database) as session:
        first = add(session, found(), segments=segments(3), now=NOW, **PLAN)
        second = add(session, found(), segments=segments(2), now=NOW, **OTHER_PLAN)
        assert isinstance(second, AlreadyKnown)
        assert second.recording_id == first.recording_id
        assert second.analysis_id != first.analysis_id
        assert not second.done
        assert len(session.exec(select(tables.Segment)).all()) == 5


@pytest.mark.parametrize("state", [State.DONE, State.GAPS, State.FAILED])
def test_an_ended_analysis_is_told_to_be_done(database: Engine, state: State) -> None:
    with writing(database) as session:
        first = add(session, found(), segments=segments(), now=NOW, **PLAN)
        session.get_one(tables.Analysis, first.analysis_id).state = state
        known = add(session, found(), segments=segments(), now=NOW, **PLAN)
        assert isinstance(known, AlreadyKnown)
        assert (known.state, known.done) == (state, True)


def test_a_file_name_that_is_no_text_comes_back_as_it_was(database: Engine) -> None:
    path = os.fsdecode(b"/footage/caf\xe9\x80.mp4")
    probed = found(path=path)
    with writing(database) as session:
        added = add(session, probed, segments=segments(1), now=NOW, **PLAN)
        assert session.get_one(tables.Recording, added.recording_id).name == "caf\ufffd.mp4"
        claimed = claim(session, 1, "worker", 60, NOW)
    assert claimed is not None
    assert claimed.recording.path == path


def test_what_was_probed_comes_back_exactly(database: Engine) -> None:
    probed = found(frame_rate=None, duration_claimed_ms=2**40, keyframes=())
    with writing(database) as session:
        add(session, probed, segments=segments(), now=NOW, **PLAN)
        claimed = claim(session, 2, "worker", 60, NOW)
    assert claimed is not None
    assert claimed.recording == probed.recording
    assert claimed.segment == segments()[1]
    assert (claimed.sha256, claimed.modified_ns) == (probed.sha256, probed.modified_ns)
    assert (claimed.plan_key, claimed.plan_body) == tuple(PLAN.values())


def test_a_recording_without_segments_waits_to_be_matched(database: Engine) -> None:
    with writing(database) as session:
        added = add(session, found(), segments=[], now=NOW, **PLAN)
        analysis = session.get_one(tables.Analysis, added.analysis_id)
        assert analysis.state is State.MATCHING
