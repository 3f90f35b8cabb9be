"""Windows: open and closed by the clock on the wall, also where the clock jumps."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from open_time import open_seconds

from errors import WrongUsage
from pipeline.planning.windows import Windows

NIGHTS = Windows.parse("20:00-06:30", "Europe/Berlin")
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC")
TEXTS = (
    "",
    "20:00-06:30",
    "02:15-02:45",
    "02:30-03:30, 01:00-02:30",
    "Mon-Fri 20:00-06:30, Sat-Sun 00:00-24:00",
    "Sat-Mon 22:00-24:00, Sun 00:00-03:00",
    "Sun 02:00-02:30",
)

windows = st.builds(Windows.parse, st.sampled_from(TEXTS), st.sampled_from(ZONES))
jumps = st.sampled_from(
    [
        datetime(2026, 3, 29, tzinfo=UTC),
        datetime(2026, 10, 25, tzinfo=UTC),
        datetime(2026, 3, 8, tzinfo=UTC),
        datetime(2026, 11, 1, tzinfo=UTC),
        datetime(2026, 4, 4, 12, tzinfo=UTC),
        datetime(2026, 10, 3, 12, tzinfo=UTC),
    ]
)
near_a_jump = st.builds(
    lambda jump, seconds: jump + timedelta(seconds=seconds), jumps, st.integers(-90_000, 90_000)
)
moments = near_a_jump | st.datetimes(
    datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)
)


def berlin(day: int, month: int, hour: int, minute: int = 0, fold: int = 0) -> datetime:
    wall = datetime(2026, month, day, hour, minute, tzinfo=ZoneInfo("Europe/Berlin"), fold=fold)
    return wall.astimezone(UTC)


def test_a_window_over_midnight_is_open_until_the_morning() -> None:
    assert not NIGHTS.is_open(berlin(23, 11, 19, 59))
    assert NIGHTS.is_open(berlin(23, 11, 20))
    assert NIGHTS.is_open(berlin(24, 11, 6, 29))
    assert not NIGHTS.is_open(berlin(24, 11, 6, 30))


def test_a_weekday_is_that_of_the_windows_beginning() -> None:
    fridays = Windows.parse("Fri 20:00-06:00", "Europe/Berlin")
    assert fridays.is_open(berlin(28, 11, 5))
    assert not fridays.is_open(berlin(27, 11, 5))
    assert fridays.opens_at(berlin(28, 11, 7)) == berlin(4, 12, 20)


def test_a_range_of_weekdays_may_run_over_the_weekend() -> None:
    assert Windows.parse("sat-mon 10:00-11:00", "UTC") == Windows.parse(
        "Mon 10:00-11:00,SUN 10:00 - 11:00, Sat 10:00-11:00", "UTC"
    )


def test_windows_that_meet_are_one_stretch() -> None:
    weekend = Windows.parse("Mon-Fri 20:00-06:30, Sat-Sun 00:00-24:00", "Europe/Berlin")
    assert weekend.closes_at(berlin(27, 11, 21)) == berlin(30, 11, 0)


@pytest.mark.parametrize(
    "text",
    ["", " ", "00:00-24:00", "08:00-20:00, 20:00-08:00",
     "Mon-Thu 0:00-24:00,Fri-Sun 00:00-00:01, Fri-Sun 00:01-24:00"],
)  # fmt: skip
def test_windows_that_cover_the_week_are_always_open(text: str) -> None:
    always = Windows.parse(text, "Europe/Berlin")
    now = berlin(29, 3, 12)
    assert always.always
    assert always.closes_at(now) is None
    assert always.opened_at(now) is None
    assert always.advance(now, 90) == now + timedelta(seconds=90)


def test_a_night_in_spring_is_an_hour_shorter() -> None:
    assert open_seconds(NIGHTS, berlin(28, 3, 12), berlin(29, 3, 12)) == 9.5 * 3600
    assert open_seconds(NIGHTS, berlin(24, 10, 12), berlin(25, 10, 12)) == 11.5 * 3600


def test_a_time_that_spring_skips_is_the_moment_of_the_jump() -> None:
    early = Windows.parse("02:30-04:00", "Europe/Berlin")
    assert early.opens_at(berlin(29, 3, 0)) == berlin(29, 3, 3)
    assert early.closes_at(berlin(29, 3, 3)) == berlin(29, 3, 4)


def test_a_window_that_spring_skips_altogether_is_left_out_that_day() -> None:
    skipped = Windows.parse("02:10-02:50", "Europe/Berlin")
    assert skipped.opens_at(berlin(29, 3, 0)) == berlin(30, 3, 2, 10)


def test_of_an_hour_that_comes_twice_the_first_counts() -> None:
    until_half_past = Windows.parse("20:00-02:30", "Europe/Berlin")
    assert until_half_past.closes_at(berlin(25, 10, 0)) == berlin(25, 10, 2, 30)
    assert not until_half_past.is_open(berlin(25, 10, 2, 15, fold=1))


def test_the_newest_opening_is_that_of_the_night_just_over_or_under_way() -> None:
    assert NIGHTS.opened_at(berlin(24, 11, 9)) == berlin(23, 11, 20)
    assert NIGHTS.opened_at(berlin(24, 11, 2)) == berlin(23, 11, 20)
    assert NIGHTS.opened_at(berlin(24, 11, 20)) == berlin(24, 11, 20)


def test_a_time_of_day_is_the_next_one() -> None:
    assert NIGHTS.at_clock(berlin(23, 11, 22), 7 * 60) == berlin(24, 11, 7)
    assert NIGHTS.at_clock(berlin(24, 11, 6, 59), 7 * 60) == berlin(24, 11, 7)
    assert NIGHTS.at_clock(berlin(24, 11, 7), 7 * 60) == berlin(25, 11, 7)
    assert NIGHTS.at_clock(berlin(29, 3, 1), 2 * 60 + 30) == berlin(29, 3, 3)


def test_without_a_zone_the_machines_own_clock_counts() -> None:
    local = Windows.parse("20:00-06:30", "")
    now = datetime(2026, 11, 23, 23).astimezone()
    assert local.is_open(now.astimezone(UTC))
    assert local.closes_at(now.astimezone(UTC)) == datetime(2026, 11, 24, 6, 30).astimezone()


@pytest.mark.parametrize(
    "text",
    ["20:00", "20-06", "8pm-6am", "20:00-25:00", "20:60-22:00", "24:00-06:00", "20:00-20:00",
     "Foo 20:00-22:00", "Mon-Foo 20:00-22:00", "20:00-22:00,", "Fri 18:00-Mon 06:00"],
)  # fmt: skip
def test_windows_that_cannot_be_read_are_refused_by_the_settings_name(text: str) -> None:
    with pytest.raises(WrongUsage, match=r"^NIGHTREEL_WINDOW cannot be read at .*\.$"):
        Windows.parse(text, "")


@pytest.mark.parametrize("zone", ["Mars", "../etc/passwd", "Europe", "/etc/localtime"])
def test_a_zone_that_does_not_exist_is_refused_by_the_settings_name(zone: str) -> None:
    with pytest.raises(WrongUsage, match="NIGHTREEL_TIME_ZONE"):
        Windows.parse("20:00-06:30", zone)


@given(windows, moments, st.integers(0, 400_000))
@settings(max_examples=200)
def test_time_advanced_is_time_that_was_open(some: Windows, now: datetime, seconds: int) -> None:
    then = some.advance(now, seconds)
    assert open_seconds(some, now, then) == seconds
    assert then == now or open_seconds(some, now, then - timedelta(milliseconds=1)) < seconds


@given(windows, moments)
@settings(max_examples=200)
def test_what_is_open_agrees_with_when_it_opens_and_closes(some: Windows, now: datetime) -> None:
    opens, closes = some.opens_at(now), some.closes_at(now)
    assert some.is_open(opens)
    assert some.is_open(now) == (opens == now)
    if closes is not None:
        assert not some.is_open(closes)


@given(windows.filter(lambda some: not some.always), moments)
@settings(max_examples=200)
def test_the_newest_opening_begins_the_newest_stretch(some: Windows, now: datetime) -> None:
    opened = some.opened_at(now)
    assert opened is not None
    assert opened <= now
    assert some.is_open(opened)
    assert not some.is_open(opened - timedelta(microseconds=1))
    closed = some.closes_at(opened)
    assert closed is not None
    assert closed >= now or some.opens_at(closed) > now


@given(st.sampled_from(ZONES), moments)
@settings(max_examples=200)
def test_away_from_the_jump_itself_the_clock_on_the_wall_decides(zone: str, now: datetime) -> None:
    wall = now.astimezone(ZoneInfo(zone)).time()
    assert Windows.parse("20:00-06:30", zone).is_open(now) == (
        wall >= time(20) or wall < time(6, 30)
    )
