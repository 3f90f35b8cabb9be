"""Exports of one recording are linked, whichever was added first, and a moment is counted once."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from footage_factory import X264, draw, run_ffmpeg
from passers import Street
from rows import NOW
from steps import ingest, watch_all

from footage.alignment import Overlap
from pipeline.analysis.overlaps import Moment, link_footage, same_moments
from pipeline.context import Context
from pipeline.plan import Plan
from storage.database.database import reading, writing
from storage.jobs.overlaps import SameFootage, same_footage
from storage.jobs.plans import remember_plan
from storage.tables import Analysis, State

PLAN = Plan(engine="stub", max_segment_seconds=10)
CUT_MS = 7_300
SMALLER = ("-vf", "scale=96:72", "-c:v", "mpeg4", "-q:v", "8", "-r", "12")


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A recording, a smaller one of a part of it in another codec, and another day's."""
    folder = tmp_path_factory.mktemp("exports")
    days = [
        draw(folder / f"day{day}.mp4", Street(day, 60).pictures(np.arange(0, 50, 0.1).tolist()),
             fps=10, options=X264)
        for day in (1, 2)
    ]  # fmt: skip
    part = folder / "part.avi"
    run_ffmpeg("-ss", f"{CUT_MS}ms", "-i", days[0], "-t", "35", *SMALLER, part)
    return [days[0], part, days[1]]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_exports_of_one_recording_are_linked_in_any_order(
    context: Context, exports: list[Path], order: tuple[int, ...]
) -> None:
    for place in order:
        ingest(exports[place], context, PLAN)
    for analysis_id in [*watch_all(context), 999]:
        link_footage(analysis_id, context)
        once = _known(context)
        link_footage(analysis_id, context)
        assert _known(context) == once
    [link] = _known(context)
    whole_first = order == (0, 1, 2)
    assert (link.first, link.second)[:: 1 if whole_first else -1] == ("day1.mp4", "part.avi")
    offset_ms = CUT_MS if whole_first else -CUT_MS
    assert abs(link.overlap.offset_ms - offset_ms) <= 200
    assert link.overlap.end_ms - link.overlap.start_ms > 28_000


def test_footage_is_linked_also_where_faces_were_imported_to_it_since(
    context: Context, exports: list[Path]
) -> None:
    first = ingest(exports[0], context, PLAN)
    watch_all(context)
    with writing(context.database) as session:
        remember_plan(session, "imported", '{"engine": "stub", "cut_by": "Cutter 3"}')
        values = {"state": State.GAPS, "asked_at": NOW, "plan_key": "imported"}
        session.add(Analysis(recording_id=first.recording_id, **values))
    second = ingest(exports[1], context, PLAN)
    watch_all(context)
    link_footage(second.analysis_id, context)
    assert [(one.first, one.second) for one in _known(context)] == [("day1.mp4", "part.avi")]


def _known(context: Context) -> list[SameFootage]:
    with reading(context.database) as session:
        return same_footage(session, range(10))


def _same(first_id: int, second_id: int, offset_ms: int = 10_000) -> SameFootage:
    overlap = Overlap(offset_ms, max(offset_ms, 0), offset_ms + 30_000, 0.9)
    return SameFootage(first_id, "a", "a" * 64, second_id, "b", "b" * 64, overlap)


def test_a_moment_of_the_same_footage_repeats_that_of_the_earlier_recording() -> None:
    seen = [Moment("A", 1, 12_000, 15_000), Moment("A", 2, 2_400, 5_200)]
    assert same_moments(seen, [_same(1, 2)]) == [None, 0]
    assert same_moments(seen[::-1], [_same(1, 2)]) == [1, None]


@pytest.mark.parametrize(
    "other",
    [
        Moment("B", 2, 2_400, 5_200),
        Moment("A", 3, 2_400, 5_200),
        Moment("A", 2, 20_000, 22_000),
        Moment("A", 1, 12_000, 15_000),
    ],
    ids=["of somebody else", "in other footage", "at another time", "in the same recording"],
)
def test_no_other_moment_is_a_repetition(other: Moment) -> None:
    assert same_moments([Moment("A", 1, 12_000, 15_000), other], [_same(1, 2)]) == [None, None]


def test_what_others_cut_repeats_what_was_watched_at_that_time_of_its_recording() -> None:
    watched = Moment("A", 1, 12_000, 15_000)
    cut = Moment("A", 1, 14_000, 14_000, imported=True)
    assert same_moments([cut, watched], []) == [1, None]
    later = replace(cut, recording_id=2, start_ms=4_000, end_ms=4_000)
    seen_later = Moment("A", 2, 2_400, 5_200)
    assert same_moments([watched, cut, seen_later, later], [_same(1, 2)]) == [None, 0, 0, 0]


@pytest.mark.parametrize(
    "cut",
    [
        Moment("B", 1, 14_000, 14_000, imported=True),
        Moment("A", 1, 17_000, 17_000, imported=True),
        Moment("A", 2, 14_000, 14_000, imported=True),
    ],
    ids=["of somebody else", "at another time", "from another recording"],
)
def test_nothing_else_that_others_cut_is_a_repetition(cut: Moment) -> None:
    assert same_moments([Moment("A", 1, 12_000, 15_000), cut], []) == [None, None]


def test_two_faces_that_others_cut_are_two() -> None:
    cut = Moment("A", 1, 14_000, 14_000, imported=True)
    assert same_moments([cut, cut], []) == [None, None]


def test_what_only_the_later_recording_shows_is_seen_for_the_first_time() -> None:
    after_the_common_stretch = [Moment("A", 1, 41_000, 42_000), Moment("A", 2, 31_000, 32_000)]
    assert same_moments(after_the_common_stretch, [_same(1, 2)]) == [None, None]
    assert same_moments([Moment("A", 2, 2_400, 5_200)], [_same(1, 2)]) == [None]


def test_three_exports_have_one_first_moment() -> None:
    seen = [
        Moment("A", 3, 0, 3_000),
        Moment("A", 2, 10_000, 13_000),
        Moment("A", 1, 20_000, 23_000),
    ]
    chain = [_same(1, 2), _same(2, 3)]
    assert same_moments(seen, chain) == [2, 2, None]
    assert same_moments(seen, [*chain, _same(1, 3, 20_000)]) == [2, 2, None]
