"""How often searches for people who are not in the footage give candidates.

A search for a person who is not there is called non-mated (NIST, FRTE 1:N); the share of such
searches that give a candidate is the FPIR. It grows with the footage and the threshold, so it holds
only for the footage and threshold that were measured.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from faces.matching import is_within

FEW = 30
"""Fewer searches are not a meaningful measurement."""
_Z = 1.96
"""95 in 100 values of a normal distribution lie within this many standard deviations."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Result of non-mated searches at one threshold."""

    threshold: float
    searches: int
    with_any: int
    """Number of searches that gave a candidate."""
    false_candidates: int
    """Number of candidates in all searches together, all of them false."""

    @property
    def share(self) -> float:
        """FPIR, 0 to 1."""
        return self.with_any / self.searches

    @property
    def interval(self) -> tuple[float, float]:
        """95 per cent confidence interval of the share (Wilson 1927, without correction)."""
        n, p = self.searches, self.share
        middle = (p + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
        half = _Z / (1 + _Z**2 / n) * sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2))
        return max(0.0, middle - half), min(1.0, middle + half)

    @property
    def in_a_thousand(self) -> float:
        """False candidates to expect in a thousand non-mated searches."""
        return 1000 * self.false_candidates / self.searches


def rate(closest: Sequence[Sequence[float]], threshold: float) -> Rate:
    """The rate of some searches at a threshold; a distance equal to it is within.

    `closest` has for each search, one or more, the distances of the closest appearances, at least
    all within the threshold.
    """
    within = [int(is_within(search, threshold).sum()) for search in closest]
    return Rate(threshold, len(within), sum(number > 0 for number in within), sum(within))
