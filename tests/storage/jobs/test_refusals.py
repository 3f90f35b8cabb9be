"""What was refused is remembered by its path, and where recordings are by their size."""

import os
from dataclasses import replace
from datetime import timedelta

import pytest
from rows import NOW, PLAN, found, segments
from sqlalchemy import Engine

from storage.database.database import reading, writing
from storage.jobs import refusals
from storage.jobs.places import Place, place_of, places_of_sizes
from storage.jobs.recordings import add
from storage.jobs.refusals import Refusal

TEXT = Refusal("/in/text.mp4", "text.mp4", 100, 1_700_000_000_000_000_001, "No video.", NOW)
LATER = NOW + timedelta(hours=1)


def refuse(engine: Engine, *some: Refusal) -> list[bool]:
    with writing(engine) as session:
        return [refusals.add(session, one) for one in some]


def all_in(engine: Engine) -> list[Refusal]:
    with reading(engine) as session:
        listed = refusals.all_refusals(session)
        assert refusals.count(session) == len(listed)
        return listed


def test_a_refusal_comes_back_as_it_was(database: Engine) -> None:
    odd = replace(TEXT, path=os.fsdecode(b"/in/caf\xe9\n.mp4"), size_bytes=2**40)
    assert refuse(database, odd) == [True]
    assert all_in(database) == [odd]


def test_refusing_twice_equals_refusing_once(database: Engine) -> None:
    assert refuse(database, TEXT, replace(TEXT, refused_at=LATER)) == [True, False]
    assert all_in(database) == [TEXT]


@pytest.mark.parametrize("change", [{"size_bytes": 7}, {"modified_ns": 7}, {"reason": "Empty."}])
def test_a_file_is_refused_as_it_is_now(database: Engine, change: dict[str, object]) -> None:
    changed = replace(TEXT, refused_at=LATER, **change)
    assert refuse(database, TEXT, changed) == [True, True]
    assert all_in(database) == [changed]


def test_the_latest_refusal_comes_first(database: Engine) -> None:
    latest = replace(TEXT, path="/in/other.mp4", refused_at=LATER)
    refuse(database, latest, TEXT)
    assert all_in(database) == [latest, TEXT]


def test_what_is_forgotten_is_gone_and_the_rest_stays(database: Engine) -> None:
    other = replace(TEXT, path="/in/other.mp4")
    refuse(database, TEXT, other)
    with writing(database) as session:
        refusals.forget(session, [TEXT.path, "/in/never seen.mp4"])
    assert all_in(database) == [other]


def test_a_recording_is_found_by_its_bytes_and_its_size(database: Engine) -> None:
    path = os.fsdecode(b"/in/caf\xe9.mp4")
    with writing(database) as session:
        add(session, found("a" * 64, path), segments=segments(), now=NOW, **PLAN)
        other = found("b" * 64, "/in/b.mp4", size_bytes=7)
        add(session, other, segments=segments(), now=NOW, **PLAN)
    place = Place(path, 5_000_000_000, found().modified_ns)
    with reading(database) as session:
        assert place_of(session, "a" * 64) == place
        assert place_of(session, "c" * 64) is None
        assert places_of_sizes(session, [5_000_000_000, *range(8, 2000)]) == [place]
        assert places_of_sizes(session, []) == []
