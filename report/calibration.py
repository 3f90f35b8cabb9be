"""The calibration of a case's footage in one sentence, or that it is uncalibrated."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from faces.error_rates import Rate
from storage.results.calibrations import Calibration

UNCALIBRATED = "Uncalibrated: the rate of false candidates in this footage was not measured."


def said(made: Calibration | None) -> str:
    """A calibration as a sentence; None means uncalibrated."""
    if made is None:
        return UNCALIBRATED
    rate, conditions = made.rate, made.conditions
    low, high = rate.interval
    footage = "the footage added for this case" if conditions.own_only else "this footage"
    return (
        f"Calibrated on {made.made_at:%Y-%m-%d}: of {rate.searches} searches for people who are "
        f"not in {footage} {rate.with_any} returned a candidate ({rate.share:.1%}; 95% "
        f"interval {low:.1%} to {high:.1%}), {expected(rate)} false candidates in a thousand "
        f"such searches. Engine {conditions.engine}, threshold {conditions.threshold:g}, "
        f"compared with {made.appearances:,} appearances; more footage gives more false candidates."
    )


class Ranked(Protocol):
    """A candidate of one engine at one threshold."""

    @property
    def engine(self) -> str: ...
    @property
    def threshold(self) -> float: ...


def said_of(
    calibrations: Mapping[tuple[str, float], Calibration], listed: Iterable[Ranked]
) -> tuple[str, ...]:
    """The different sentences for the engines and thresholds in a list; at least one."""
    conditions = sorted({(candidate.engine, candidate.threshold) for candidate in listed})
    sentences = dict.fromkeys(said(calibrations.get(condition)) for condition in conditions)
    return tuple(sentences) or (said(None),)


def expected(rate: Rate) -> str:
    """The expected number of false candidates in a thousand searches, rounded, as text."""
    return f"about {rate.in_a_thousand:,.0f}"
