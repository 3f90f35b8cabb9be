"""Processing windows: stretches of the week in local time.

Of an hour that occurs twice in autumn, the first counts. A time that is skipped in spring is the
moment of the clock change.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Self, TypeAlias
from zoneinfo import ZoneInfo

from errors import WrongUsage

DAY_MINUTES = 24 * 60
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEK_MINUTES = len(_WEEKDAYS) * DAY_MINUTES
_LONGEST_STRETCH = timedelta(days=9)
_ONE_WINDOW = re.compile(
    r"(?:(?P<first>[a-z]+)(?:\s*-\s*(?P<last>[a-z]+))?\s+)?"
    r"(?P<begin>\d{1,2}:\d\d)\s*-\s*(?P<end>\d{1,2}:\d\d)"
)

Stretch: TypeAlias = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """One window on one weekday, in minutes after its midnight; over 1440 is the next day."""

    begin_minute: int
    end_minute: int
    weekday: int


@dataclass(frozen=True, slots=True)
class Windows:
    """Stretches of the week in which footage is processed; no spans means always.

    All times in and out are timezone-aware, in UTC.
    """

    spans: tuple[Span, ...] = ()
    zone: ZoneInfo | None = None

    @classmethod
    def parse(cls, text: str, zone: str) -> Self:
        """Read windows like `20:00-06:30` or `Mon-Fri 20:00-06:30, Sat-Sun 00:00-24:00`.

        Args:
            text: windows separated by commas; the weekday is that of the start. Empty means always.
            zone: IANA name; empty means the machine's own time zone.

        Raises:
            WrongUsage: the text or the zone cannot be read.
        """
        spans = sorted({span for part in text.split(",") if text.strip() for span in _read(part)})
        return cls(() if _covers_the_week(spans) else tuple(spans), _zone(zone))

    @property
    def always(self) -> bool:
        """Whether the windows are always open."""
        return not self.spans

    def is_open(self, now: datetime) -> bool:
        """Whether `now` is in a window, including its start and excluding its end."""
        return self.always or next(self._stretches(now))[0] <= now

    def opens_at(self, now: datetime) -> datetime:
        """`now` if it is in a window, else the start of the next window."""
        return now if self.always else max(now, next(self._stretches(now))[0])

    def closes_at(self, now: datetime) -> datetime | None:
        """The end of the open stretch around `now`; None if closed now, or always open."""
        return None if self.always or not self.is_open(now) else next(self._stretches(now))[1]

    def opened_at(self, now: datetime) -> datetime | None:
        """When the latest stretch up to `now` began; None if always open."""
        if self.always:
            return None
        begins = (begin for begin, _ in self._stretches(now - 2 * _LONGEST_STRETCH))
        newest = next(begins)
        while (begin := next(begins)) <= now:
            newest = begin
        return newest

    def advance(self, now: datetime, seconds: float) -> datetime:
        """The first time at which `seconds` of open time have passed since `now`."""
        left = timedelta(seconds=seconds)
        if self.always or not left:
            return now + left
        for begin, end in self._stretches(now):
            begin = max(begin, now)
            if left <= end - begin:
                return begin + left
            left -= end - begin
        raise AssertionError("stretches never end")

    def at_clock(self, now: datetime, minute: int) -> datetime:
        """The next time after `now` that is `minute` minutes after midnight in local time."""
        today = now.astimezone(self.zone).date()
        days = (today + timedelta(days=ahead) for ahead in range(3))
        return next(moment for day in days if (moment := self._moment(day, minute)) > now)

    def _stretches(self, since: datetime) -> Iterator[Stretch]:
        """Open stretches that end after `since`, merged, in order; never ends."""
        openings = self._openings(since)
        begin, end = next(openings)
        for next_begin, next_end in openings:
            if next_begin <= end:
                end = max(end, next_end)
                continue
            if begin < end and since < end:
                yield begin, end
            begin, end = next_begin, next_end

    def _openings(self, since: datetime) -> Iterator[Stretch]:
        day = since.astimezone(self.zone).date() - timedelta(days=2)
        while True:
            for span in self.spans:
                if span.weekday == day.weekday():
                    yield self._moment(day, span.begin_minute), self._moment(day, span.end_minute)
            day += timedelta(days=1)

    def _moment(self, day: date, minute: int) -> datetime:
        """The time in UTC at which local time is `minute` minutes after midnight of `day`."""
        wall = (datetime.combine(day, time()) + timedelta(minutes=minute)).replace(tzinfo=self.zone)
        first, second = (wall.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
        if first <= second:
            return first
        skipped_seconds = int((first - second).total_seconds())
        jump = bisect_left(
            range(skipped_seconds),
            self._offset(first),
            key=lambda seconds: self._offset(second + timedelta(seconds=seconds)),
        )
        return second + timedelta(seconds=jump)

    def _offset(self, moment: datetime) -> timedelta:
        return moment.astimezone(self.zone).utcoffset() or timedelta()


def _read(text: str) -> Iterator[Span]:
    match = _ONE_WINDOW.fullmatch(text.strip().lower())
    if not match:
        raise _unreadable(text, "write it like 20:00-06:30 or Mon-Fri 20:00-06:30")
    begin = _minutes(text, match["begin"], latest=DAY_MINUTES - 1)
    end = _minutes(text, match["end"], latest=DAY_MINUTES)
    if begin == end:
        raise _unreadable(text, "it must not end where it begins; the whole day is 00:00-24:00")
    if end < begin:
        end += DAY_MINUTES
    for weekday in _weekdays(text, match["first"], match["last"]):
        yield Span(begin, end, weekday)


def _minutes(text: str, clock: str, latest: int) -> int:
    hours, minutes = (int(part) for part in clock.split(":"))
    if minutes > 59 or hours * 60 + minutes > latest:
        raise _unreadable(text, f"no window begins or ends at {clock}")
    return hours * 60 + minutes


def _weekdays(text: str, first: str | None, last: str | None) -> list[int]:
    if first is None:
        return list(range(len(_WEEKDAYS)))
    for name in (first, last or first):
        if name not in _WEEKDAYS:
            raise _unreadable(text, f"weekdays are written Mon to Sun, not {name}")
    begin, end = _WEEKDAYS.index(first), _WEEKDAYS.index(last or first)
    return [(begin + step) % 7 for step in range((end - begin) % 7 + 1)]


def _unreadable(text: str, why: str) -> WrongUsage:
    return WrongUsage(f"NIGHTREEL_WINDOW cannot be read at {text.strip()!r}: {why}.")


def _covers_the_week(spans: list[Span]) -> bool:
    begins = ((span.weekday * DAY_MINUTES + span.begin_minute, span) for span in spans)
    reached = 0
    for begin, end in sorted(
        (begin + turn, begin + turn + span.end_minute - span.begin_minute)
        for begin, span in begins
        for turn in (-_WEEK_MINUTES, 0)
    ):
        if begin <= reached:
            reached = max(reached, end)
    return reached >= _WEEK_MINUTES


def _zone(name: str) -> ZoneInfo | None:
    if not name.strip():
        return None
    try:
        return ZoneInfo(name.strip())
    except (KeyError, ValueError, OSError):
        raise WrongUsage(
            f"NIGHTREEL_TIME_ZONE cannot be {name!r}: write a zone's name like Europe/Berlin."
        ) from None
