"""How often people who are not in some footage come close all the same.

A search for somebody who is not there is called non-mated (NIST, FRTE 1:N), and the share of such
searches that give a candidate FPIR. It grows with the footage and the threshold, so it holds for
what it was measured on and nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

FEW = 30
"""With fewer searches nothing was measured that deserves the name."""
_Z = 1.96
"""Of a normal distribution 95 in 100 lie within so many standard deviations."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What some non-mated searches gave at one threshold."""

    threshold: float
    searches: int
    with_any: int
    """How many of them gave a candidate."""
    false_candidates: int
    """How many candidates they gave in all, each of them a stranger."""

    @property
    def share(self) -> float:
        """FPIR, 0 to 1."""
        return self.with_any / self.searches

    @property
    def interval(self) -> tuple[float, float]:
        """Where the share lies, at 95 per cent (Wilson 1927, without correction)."""
        n, p = self.searches, self.share
        middle = (p + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
        half = _Z / (1 + _Z**2 / n) * sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2))
        return max(0.0, middle - half), min(1.0, middle + half)

    @property
    def in_a_thousand(self) -> float:
        """False candidates to expect of a thousand non-mated searches."""
        return 1000 * self.false_candidates / self.searches


def rate(closest: Sequence[Sequence[float]], threshold: float) -> Rate:
    """What searches gave, each the distances of what came close; distances at it are within.

    `closest` has one or more searches, and holds at least everything within the threshold.
    """
    within = [sum(distance <= threshold for distance in one) for one in closest]
    return Rate(threshold, len(within), sum(number > 0 for number in within), sum(within))
