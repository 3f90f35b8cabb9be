"""A forecast counts the work, the workers and the hours that are open."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from open_time import open_seconds

from pipeline.plan import Plan
from pipeline.planning.forecast import HORIZON, Forecast, Pace, forecast, units
from pipeline.planning.windows import Windows
from storage.jobs.pace import RemainingWork, WatchedSegment

NOW = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)
ALWAYS = Windows()
NIGHTS = Windows.parse("20:00-06:00", "UTC")
PLAN = Plan(engine="stub")
TOLERANCE = timedelta(milliseconds=1)


def work(
    analysis_id: int = 1, seconds: float = 3600, plan: Plan = PLAN, **changes
) -> RemainingWork:
    """Footage of one megapixel that nobody paused."""
    about = {"name": f"{analysis_id}.mp4", "width": 1000, "height": 1000, "due_at": None}
    about |= {"plan_key": plan.key, "plan_body": plan.body, "any_time": False, "paused": False}
    return RemainingWork(
        analysis_id=analysis_id, footage_ms=round(1000 * seconds), **about | changes
    )


def watched(seconds: float, footage_seconds: float = 60, plan: Plan = PLAN) -> WatchedSegment:
    """A done segment of one megapixel."""
    return WatchedSegment(plan.key, plan.body, 1000, 1000, round(1000 * footage_seconds), seconds)


REAL_TIME = Pace.measured([watched(60)])


def ends(jobs: list[RemainingWork], windows: Windows = ALWAYS, **changes) -> dict:
    given = {"workers": 1, "now": NOW, "pace": REAL_TIME} | changes
    return forecast(jobs, windows=windows, **given).ends


def hours(number: float) -> datetime:
    return NOW + timedelta(hours=number)


def test_work_is_done_one_after_the_other() -> None:
    assert ends([work(1), work(2)]) == {1: hours(1), 2: hours(2)}


def test_workers_share_the_work() -> None:
    assert ends([work(1), work(2)], workers=2) == {1: hours(0.5), 2: hours(1)}


def test_work_waits_while_the_window_is_closed() -> None:
    assert ends([work(1, 10 * 3600)], NIGHTS) == {1: hours(9 + 14 + 1)}


def test_work_for_any_time_goes_on_while_the_window_is_closed() -> None:
    jobs = [work(1, 10 * 3600), work(2, 3600, any_time=True)]
    assert ends(jobs, NIGHTS) == {1: hours(24), 2: hours(10)}


def test_what_is_paused_has_no_end_and_is_in_nobodys_way() -> None:
    assert ends([work(1, paused=True), work(2)]) == {1: None, 2: hours(1)}


def test_what_comes_after_something_unknown_is_unknown_too() -> None:
    unmeasured = Plan(engine="dlib")
    assert ends([work(1), work(2, plan=unmeasured), work(3)]) == {1: hours(1), 2: None, 3: None}


def test_nothing_ends_without_workers() -> None:
    assert ends([work(1)], workers=0) == {1: None}


def test_what_would_end_beyond_the_horizon_has_no_end() -> None:
    assert ends([work(1), work(2, 2 * HORIZON.total_seconds())]) == {1: hours(1), 2: None}


def test_a_plan_that_was_not_measured_is_taken_from_another_of_its_engine() -> None:
    twice_as_often = replace(PLAN, interval_ms=PLAN.interval_ms // 2)
    half_the_face = replace(PLAN, min_face_px=PLAN.min_face_px // 2)
    assert ends([work(1, plan=twice_as_often)]) == {1: hours(2)}
    assert ends([work(1, plan=half_the_face)]) == {1: hours(4)}


def test_a_plan_of_its_own_pace_keeps_it() -> None:
    other = replace(PLAN, interval_ms=1000)
    both = Pace.measured([watched(60), watched(600, plan=other)])
    assert ends([work(1)], pace=both) == {1: hours(1)}
    assert ends([work(1, plan=other)], pace=both) == {1: hours(10)}


def test_large_pictures_count_by_what_is_looked_at() -> None:
    small = replace(PLAN, max_side_px=500)
    assert units(work(plan=small)) == pytest.approx(units(work()) / 4)
    assert units(work(width=2000, height=2000, plan=small)) == units(work(plan=small))


def test_the_speed_is_that_of_all_workers_together() -> None:
    half = Pace.measured([watched(120)])
    assert forecast([work()], half, workers=4, windows=NIGHTS, now=NOW).speed == pytest.approx(2)
    assert forecast([], half, workers=4, windows=NIGHTS, now=NOW).speed is None


def test_what_will_not_be_done_by_a_time_is_told() -> None:
    found = Forecast({1: hours(1), 2: hours(2), 3: None}, speed=1.0)
    assert found.late(hours(1)) == [2, 3]
    assert found.only([1, 2]).end == hours(2)
    assert found.end is None


lists = st.lists(
    st.builds(
        lambda seconds, any_time, paused: (seconds, any_time, paused),
        st.integers(1, 100_000),
        st.booleans(),
        st.booleans(),
    ),
    min_size=1,
    max_size=8,
).map(
    lambda rows: [
        work(number, seconds, any_time=any_time, paused=paused)
        for number, (seconds, any_time, paused) in enumerate(rows)
    ]
)
windows = st.sampled_from(["", "20:00-06:00", "Mon-Fri 22:30-05:15", "Sat 00:00-24:00"]).map(
    lambda text: Windows.parse(text, "Europe/Berlin")
)
moments = st.integers(0, 14 * 86_400).map(lambda seconds: NOW + timedelta(seconds=seconds))
workers = st.integers(1, 9)


def no_earlier(later: dict, sooner: dict) -> bool:
    """Whether nothing ends sooner in the first; no end at all is the latest."""
    return all(
        sooner[id] is not None and later[id] > sooner[id] - TOLERANCE
        for id in later
        if later[id] is not None
    )


@given(lists, windows, moments, workers, st.integers(0, 7), st.integers(1, 100_000))
@settings(max_examples=100)
def test_more_work_makes_nothing_earlier(jobs, some, now, number, which, seconds) -> None:
    which %= len(jobs)
    longer = replace(jobs[which], footage_ms=jobs[which].footage_ms + 1000 * seconds)
    more = [*jobs[:which], longer, *jobs[which + 1 :]]
    assert no_earlier(
        ends(more, some, now=now, workers=number), ends(jobs, some, now=now, workers=number)
    )


@given(lists, windows, moments, workers)
@settings(max_examples=100)
def test_more_workers_and_more_speed_make_nothing_later(jobs, some, now, number) -> None:
    plain = ends(jobs, some, now=now, workers=number)
    faster = Pace.measured([watched(45)])
    assert no_earlier(plain, ends(jobs, some, now=now, workers=number + 1))
    assert no_earlier(plain, ends(jobs, some, now=now, workers=number, pace=faster))


@given(lists, windows, moments, workers)
@settings(max_examples=100)
def test_nothing_ends_while_the_window_is_closed_unless_it_may(jobs, some, now, number) -> None:
    found = ends(jobs, some, now=now, workers=number)
    for job in jobs:
        end = found[job.analysis_id]
        if end is not None and not job.any_time:
            assert some.is_open(end - timedelta(microseconds=1))


@given(lists, windows, moments, workers)
@settings(max_examples=100)
def test_the_open_hours_up_to_the_end_are_the_work(jobs, some, now, number) -> None:
    inside = [replace(job, any_time=False) for job in jobs if not job.paused]
    found = forecast(inside, REAL_TIME, workers=number, windows=some, now=now)
    if found.end is not None:
        total = sum(job.footage_ms for job in inside) / 1000
        assert open_seconds(some, now, found.end) * number == pytest.approx(total, abs=0.01)
        assert found.end - some.advance(now, total / number) < TOLERANCE
