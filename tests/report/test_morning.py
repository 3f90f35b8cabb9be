"""What people read in the morning."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.planning.forecast import Forecast
from pipeline.planning.outlook import Outlook
from pipeline.planning.windows import Windows
from report.moments import when
from report.morning import Night, night_as_json, night_as_text
from storage.jobs.night import Ended
from storage.jobs.pace import RemainingWork
from storage.jobs.progress import Outcome
from storage.jobs.refusals import RefusedFile
from storage.tables import State

EVENING = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)  # a Monday
MORNING = EVENING + timedelta(hours=12)
SEVEN = EVENING + timedelta(hours=11)
NIGHTS = Windows.parse("20:00-06:30", "UTC")


def night(now: datetime = MORNING, windows: Windows = NIGHTS, **changes) -> Night:
    """A night in which nothing happened, unless the changes say otherwise."""
    quiet = {"ended": [], "watched_ms": 0, "with_gaps": [], "refused": [], "outlook": outlook([])}
    return Night(now=now, since=EVENING, windows=windows, **quiet | changes)


def ended(name: str = "gate.mp4", **changes) -> Ended:
    early = EVENING + timedelta(hours=2)
    return replace(Ended(1, name, State.DONE, 3_600_000, None, early), **changes)


def work(analysis_id: int = 2, **changes) -> RemainingWork:
    unpaused = {"any_time": False, "paused": False, "due_at": None} | changes
    size = {"width": 640, "height": 360, "footage_ms": 1_800_000}
    return RemainingWork(analysis_id, f"{analysis_id}.mp4", "key", "{}", **size, **unpaused)


def outlook(some: list[RemainingWork], *ends: datetime | None, workers: int = 2) -> Outlook:
    by_analysis = {one.analysis_id: end for one, end in zip(some, ends, strict=True)}
    return Outlook(some, Forecast(by_analysis, speed=2.13 if any(ends) else None), workers)


def with_gaps() -> Outcome:
    reason = "ffmpeg ran out of time; see the log."
    return Outcome(
        analysis_id=7,
        recording_id=7,
        name="yard.mp4",
        sha256="a" * 64,
        duration_ms=600_000,
        plan_key="key",
        state=State.GAPS,
        decoded_ms=480_000,
        decoded_frames=1,
        sampled_frames=1,
        faces=0,
        appearances=0,
        gaps=[(0, 60_000), (120_000, 180_000)],
        reasons=[reason, reason],
    )


def test_a_quiet_night_is_told_in_three_lines() -> None:
    assert night_as_text(night()) == [
        "Since Mon 20:00: 0 recordings done, 0:00:00 of footage processed",
        "Remaining: nothing",
        "Window: closed until 20:00",
    ]


def test_without_windows_the_last_day_is_told() -> None:
    assert night_as_text(night(windows=Windows(), ended=[ended()], watched_ms=3_600_000)) == [
        "In the last 24 hours: 1 recording done, 1:00:00 of footage processed",
        "Remaining: nothing",
    ]


def test_what_remains_is_told_with_its_expected_end() -> None:
    left = outlook([work(2), work(3)], MORNING + timedelta(hours=13), MORNING + timedelta(hours=14))
    lines = night_as_text(night(outlook=left))
    assert (
        "Remaining: 2 recordings, 1:00:00 of footage; "
        "expected by 22:00 (2.1x real time, 2 workers)" in lines
    )


def test_nothing_is_foretold_without_workers_or_a_known_speed() -> None:
    nobody = night_as_text(night(outlook=outlook([work()], None, workers=0)))
    unknown = night_as_text(night(outlook=outlook([work()], None)))
    assert "no worker is running" in nobody[1]
    assert "no estimate yet" in unknown[1]


def test_an_open_window_tells_when_it_closes() -> None:
    assert night_as_text(night(now=EVENING))[2] == "Window: open until 06:30"


def test_gaps_are_told_with_each_reason_once() -> None:
    assert night_as_text(night(with_gaps=[with_gaps()]))[3:] == [
        "With gaps: 1",
        "  yard.mp4 (job 7): 0:02:00.0 of 0:10:00.0 not analysed. "
        "ffmpeg ran out of time; see the log.",
    ]


def test_what_was_refused_or_is_paused_is_told() -> None:
    refused = [RefusedFile("x.mp4", "The file is empty.", EVENING)]
    left = outlook([work(paused=True)], None)
    lines = night_as_text(night(refused=refused, outlook=left))
    assert lines[1] == "Remaining: nothing"
    assert lines[3:] == [
        "Rejected: 1",
        "  x.mp4: The file is empty.",
        "Paused: 1",
        "  2.mp4 (job 2)",
    ]


def test_what_is_or_will_be_late_is_told() -> None:
    jobs = [work(2, due_at=SEVEN), work(3, due_at=MORNING + timedelta(hours=1)), work(4)]
    left = outlook(jobs, MORNING + timedelta(hours=13), MORNING, None)
    late = ended(due_at=SEVEN, finished_at=SEVEN + timedelta(minutes=1))
    lines = night_as_text(night(ended=[late, ended(due_at=SEVEN)], outlook=left))
    assert lines[3:] == [
        "Late: 2",
        "  gate.mp4 (job 1): due Tue 07:00, done Tue 07:01",
        "  2.mp4 (job 2): due Tue 07:00, expected 21:00",
    ]


def test_what_has_no_end_is_late_once_its_time_is_over() -> None:
    jobs = [work(2, due_at=SEVEN), work(3, due_at=MORNING + timedelta(hours=1))]
    lines = night_as_text(night(outlook=outlook(jobs, None, None)))
    assert lines[3:] == ["Late: 1", "  2.mp4 (job 2): due Tue 07:00, no estimate yet"]


def test_of_many_the_first_ten_are_told_and_the_json_has_all() -> None:
    refused = [RefusedFile(f"{n}.mp4", "The file is empty.", EVENING) for n in range(12)]
    full = night(refused=refused)
    assert night_as_text(full)[-1] == "  and 2 more; `nightreel status --json` has them all"
    assert len(night_as_json(full)["refused"]) == 12


@pytest.mark.parametrize("state", [State.CANCELLED, State.FAILED])
def test_what_was_cancelled_or_failed_is_not_done(state: State) -> None:
    assert night_as_text(night(ended=[ended(state=state)]))[0].startswith(
        "Since Mon 20:00: 0 recordings done"
    )


def test_the_json_names_jobs_and_moments_in_utc() -> None:
    left = outlook([work(due_at=SEVEN)], MORNING + timedelta(hours=13))
    document = night_as_json(night(ended=[ended()], outlook=left, with_gaps=[with_gaps()]))
    assert document["since"] == "2026-11-23T20:00:00+00:00"
    assert (document["window_open"], document["closes_at"]) == (False, None)
    assert document["opens_at"] == "2026-11-24T20:00:00+00:00"
    assert document["end"] == document["remaining"][0]["end"] == "2026-11-24T21:00:00+00:00"
    assert [one["job"] for one in document["late"]] == [2]
    assert document["with_gaps"][0]["missing_ms"] == 120_000


def test_a_moment_is_as_long_as_it_must_be() -> None:
    zone = NIGHTS.zone
    assert when(MORNING + timedelta(hours=23), MORNING, zone) == "07:00"
    assert when(MORNING - timedelta(hours=1), MORNING, zone) == "Tue 07:00"
    assert when(MORNING + timedelta(days=30), MORNING, zone) == "2026-12-24 08:00"
