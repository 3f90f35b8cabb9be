"""A threshold from what reviewers decided. It describes them and this footage, nothing more."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

FEW = 30
"""With fewer decisions of either kind nothing was measured that deserves the name."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Where a threshold would part best what was decided to be same and different."""

    threshold: float
    same: int
    different: int
    missed: int
    """Decided to be the same, and further away than the threshold."""
    admitted: int
    """Decided to be different, and within it."""

    @property
    def is_calibrated(self) -> bool:
        """Whether there are enough decisions of both kinds to go by."""
        return min(self.same, self.different) >= FEW


def suggest(same: Sequence[float], different: Sequence[float]) -> Suggestion | None:
    """The threshold with the fewest errors on these distances; of equals, amid the widest gap.

    An error is a same further away, or a different within. Distances at the threshold are within.
    None unless there is a decision of each kind.
    """
    if not same or not different:
        return None
    values = sorted({*same, *different})
    borders = [(b - a, (a + b) / 2) for a, b in pairwise(values)]
    # Above everything, and below: no gap lies there, so they win by fewer errors only.
    borders += [(0.0, values[-1]), (0.0, values[0] / 2)]
    tried = [(gap, _at(threshold, same, different)) for gap, threshold in borders]
    return min(tried, key=lambda one: (one[1].missed + one[1].admitted, -one[0]))[1]


def _at(threshold: float, same: Sequence[float], different: Sequence[float]) -> Suggestion:
    return Suggestion(
        threshold=threshold,
        same=len(same),
        different=len(different),
        missed=sum(one > threshold for one in same),
        admitted=sum(one <= threshold for one in different),
    )
