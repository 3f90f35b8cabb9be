"""Suggests a threshold from reviewers' decisions. It holds for them and this footage only."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from faces.matching import is_within

FEW = 30
"""Fewer decisions of either kind are not a meaningful measurement."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The threshold that best separates decisions *same* from decisions *different*."""

    threshold: float
    same: int
    different: int
    missed: int
    """Number of *same* decisions beyond the threshold."""
    admitted: int
    """Number of *different* decisions within the threshold."""

    @property
    def is_calibrated(self) -> bool:
        """Whether there are enough decisions of both kinds, at least `FEW`."""
        return min(self.same, self.different) >= FEW


def suggest(same: Sequence[float], different: Sequence[float]) -> Suggestion | None:
    """The threshold with the fewest errors on these distances; of equals, that in the widest gap.

    An error is a *same* beyond the threshold or a *different* within it. A distance equal to the
    threshold is within. None unless there is a decision of each kind.
    """
    if not same or not different:
        return None
    values = sorted({*same, *different})
    borders = [(b - a, (a + b) / 2) for a, b in pairwise(values)]
    # Above and below all distances there is no gap, so these win by fewer errors only.
    borders += [(0.0, values[-1]), (0.0, values[0] / 2)]
    tried = [(gap, _at(threshold, same, different)) for gap, threshold in borders]
    return min(tried, key=lambda trial: (trial[1].missed + trial[1].admitted, -trial[0]))[1]


def _at(threshold: float, same: Sequence[float], different: Sequence[float]) -> Suggestion:
    return Suggestion(
        threshold=threshold,
        same=len(same),
        different=len(different),
        missed=int((~is_within(same, threshold)).sum()),
        admitted=int(is_within(different, threshold).sum()),
    )
