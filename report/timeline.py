"""The timeline of a recording, drawn as a strip: times as text and in percent of its length."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Range: TypeAlias = tuple[int, int]
"""Start and end, in milliseconds from the start of the recording."""

MINUTE, HOUR = 60, 3600
STEPS_MS = tuple(
    1000 * seconds
    for seconds in (
        *(1, 2, 5, 10, 15, 30),
        *(MINUTE * n for n in (1, 2, 5, 10, 15, 30)),
        *(HOUR * n for n in (1, 2, 3, 6, 12, 24)),
    )
)
MOST_TICKS = 5
LEAST_PERCENT = 0.15
"""The least width of a bar: a single frame in a long recording must be visible."""
LABEL_PERCENT = 3.0
"""Labels closer than this would overlap."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of the strip, in percent of its width."""

    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Tick:
    """A time under the strip."""

    x: float
    label: str


def clock(ms: int) -> str:
    """A time or length as h:mm:ss.s: 3723400 is `1:02:03.4`."""
    tenths = (ms + 50) // 100
    return f"{whole_clock(tenths // 10 * 1000)}.{tenths % 10}"


def whole_clock(ms: int) -> str:
    """A time or length as h:mm:ss, rounded down to a second."""
    seconds = ms // 1000
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def bar(span: Range, duration_ms: int) -> Bar:
    """The bar of a range in a recording of this length; parts outside are cut off."""
    left, right = (100 * min(max(ms, 0), duration_ms) / max(duration_ms, 1) for ms in span)
    width = max(right - left, LEAST_PERCENT)
    return Bar(round(min(left, 100 - width), 3), round(width, 3))


def bars(spans: Iterable[Range], duration_ms: int) -> list[Bar]:
    """The bars of many ranges; ranges less than a thousandth of the strip apart become one bar."""
    merged: list[Range] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1] + duration_ms / 1000:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return [bar(span, duration_ms) for span in merged]


def ticks(duration_ms: int) -> list[Tick]:
    """Round times along the strip, and its end; none so close to the end that labels overlap."""
    fitting = (step for step in STEPS_MS if duration_ms <= step * MOST_TICKS)
    step = next(fitting, duration_ms // MOST_TICKS)
    times = [ms for ms in range(0, duration_ms, step) if duration_ms - ms > duration_ms / 5.5]
    return [
        Tick(round(100 * ms / max(duration_ms, 1), 3), whole_clock(ms))
        for ms in [*times, duration_ms]
    ]


def legible(positions: Sequence[float]) -> list[bool]:
    """Whether each position (in percent, most important first) has room for a label."""
    shown: list[float] = []
    verdicts = []
    for position in positions:
        fits = all(abs(position - other) >= LABEL_PERCENT for other in shown)
        verdicts.append(fits)
        if fits:
            shown.append(position)
    return verdicts
