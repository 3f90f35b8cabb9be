"""`ingest --finish-by`: what it understands and what it says."""

from datetime import UTC, datetime, timedelta

import pytest

from cli.forecast import forecast_in_words, parse_finish_by
from errors import WrongUsage
from pipeline.planning.forecast import Forecast
from pipeline.planning.outlook import Outlook
from pipeline.planning.windows import Windows
from storage.jobs.pace import RemainingWork

NOW = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
BERLIN = Windows.parse("20:00-06:30", "Europe/Berlin")
SEVEN = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["07:00", "7:00", "2026-11-24T07:00", "2026-11-24 07:00", "2026-11-24T06:00Z",
     "2026-11-24T08:00+02:00"],
)  # fmt: skip
def test_a_time_is_meant_in_the_zone_of_the_windows(text: str) -> None:
    assert parse_finish_by(text, BERLIN, NOW) == SEVEN


def test_a_time_of_day_that_is_over_is_tomorrows() -> None:
    assert parse_finish_by("20:59", BERLIN, NOW) == NOW + timedelta(hours=23, minutes=59)


@pytest.mark.parametrize("text", ["", "soon", "7", "25:00", "07:60", "7am"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(WrongUsage, match="--finish-by cannot be"):
        parse_finish_by(text, BERLIN, NOW)


def test_a_moment_that_is_over_is_refused() -> None:
    with pytest.raises(WrongUsage, match="has passed"):
        parse_finish_by("2026-11-23T07:00", BERLIN, NOW)


def said(
    *ends: datetime | None, speed: float | None = 2.13, paused: int | None = None
) -> list[str]:
    work = [
        RemainingWork(n, f"{n}.mp4", "key", "{}", 640, 360, 60_000, False, n == paused, None)
        for n in range(len(ends))
    ]
    forecast = Forecast(dict(enumerate(ends)), speed)
    return forecast_in_words(Outlook(work, forecast, 2), forecast.late(SEVEN), NOW, BERLIN)


def test_what_will_be_done_in_time_is_one_sentence() -> None:
    assert said(SEVEN - timedelta(minutes=80), SEVEN - timedelta(minutes=90)) == [
        "At the speed measured on this machine (2.1x real time, 2 workers) "
        "it is expected to finish by 05:40."
    ]


def test_what_will_not_fit_is_named_with_its_time() -> None:
    ends = (SEVEN, SEVEN + timedelta(minutes=72), SEVEN + timedelta(days=1))
    assert said(*ends)[1:] == [
        "2 of 3 recordings are not expected to finish in time: 1.mp4 (08:12), 2.mp4 (Wed 07:00)."
    ]


def test_what_is_paused_does_not_fit() -> None:
    assert said(SEVEN, None, paused=1) == [
        "At the speed measured on this machine (2.1x real time, 2 workers) "
        "no estimate for some of it.",
        "1 of 2 recordings are not expected to finish in time: 1.mp4 (paused).",
    ]


def test_of_many_the_first_ten_are_named() -> None:
    line = said(*[SEVEN + timedelta(hours=1)] * 12)[1]
    assert line.startswith(
        "12 of 12 recordings are not expected to finish in time: 0.mp4 (08:00), "
    )
    assert line.endswith("9.mp4 (08:00), and 2 more.")


def test_without_a_known_speed_nothing_is_foretold() -> None:
    assert said(None, speed=None) == [
        "No speed measured yet; see `nightreel status` once some footage is processed."
    ]


def test_where_nothing_is_left_to_do_nothing_is_said() -> None:
    assert said() == []
