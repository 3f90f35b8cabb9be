"""What a distance means in a case's footage, in one sentence: measured, or that it was not."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from faces.error_rates import Rate
from storage.results.calibrations import Calibration

UNCALIBRATED = "Uncalibrated: the rate of false candidates in this footage was not measured."


def said(made: Calibration | None) -> str:
    """What was measured under the conditions at hand; None means that nothing was."""
    if made is None:
        return UNCALIBRATED
    rate, about = made.rate, made.conditions
    low, high = rate.interval
    return (
        f"Calibrated on {made.made_at:%Y-%m-%d}: of {rate.searches} searches for people who are "
        f"not in this footage {rate.with_any} returned a candidate ({rate.share:.1%}; 95% "
        f"interval {low:.1%} to {high:.1%}), {expected(rate)} false candidates in a thousand "
        f"such searches. Engine {about.engine}, threshold {about.threshold:g}, "
        f"compared with {made.appearances:,} appearances; more footage gives more false candidates."
    )


class Ranked(Protocol):
    """Something with a distance: a candidate of one engine at one threshold."""

    @property
    def engine(self) -> str: ...
    @property
    def threshold(self) -> float: ...


def said_of(
    calibrations: Mapping[tuple[str, float], Calibration], listed: Iterable[Ranked]
) -> tuple[str, ...]:
    """A sentence for each engine and threshold in a list, each different one once."""
    conditions = sorted({(one.engine, one.threshold) for one in listed})
    return tuple(dict.fromkeys(said(calibrations.get(one)) for one in conditions)) or (said(None),)


def expected(rate: Rate) -> str:
    """How many false candidates to expect in a thousand searches, without false precision."""
    return f"about {rate.in_a_thousand:,.0f}"
