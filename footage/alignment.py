"""Finds overlaps: stretches that two recordings have in common, from their fingerprints.

Marks of rare moments vote for offsets. Each proposed offset is checked against all changes of both
recordings, and against the agreement at offsets that must be wrong.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from footage.fingerprint import STEP_MS, Changes, Glimpses, changes

LIKE_BITS = 14
"""Marks of one moment in two exports differ in about 5 of their 64 bits, marks of two moments in
about 32, and hardly ever in 14 or less."""
QUERY_STEPS = 4
"""One mark is queried for every two seconds: the next ones are much like it."""
RARE_SHARE = 0.02
"""A mark that resembles a larger share of the other recording's marks gives no offset, for example
a blinking lamp."""
FEWEST_VOTES = 4
MOST_PROPOSALS = 3
EXPECTED_AGREEMENT = 0.4
"""Two changes with at least this cosine are evidence for the same moment; below it, against it."""
LEAST_AGREEMENT = 0.6
LEAST_MOMENTS = 30
"""In at least this many half seconds of the common stretch something must happen. One person who
walks through the picture as another did on another day is visible for less."""
LEAST_SHARE = 0.6
"""At least this share of what happens while both run must lie in the common stretch, ..."""
ENOUGH_MOMENTS = 120
"""... or at least this many moments, as in a film that was cut together from several."""
LEAST_LEAD = 2.0
"""The best offset needs this many times the evidence of any other."""
_APART_STEPS = 6
_OTHER_LAGS = 60
_FINE_MS = 50
_FINE_STRETCH_MS = 300_000


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """The moments of one recording in which something happened, each with its mark."""

    steps: NDArray[np.int64]
    """Shape [n]: positions on the grid, ascending."""
    bits: NDArray[np.uint64]
    """Shape [n]: the marks."""

    @classmethod
    def joined(cls, parts: Sequence["Marks"]) -> Self:
        """Concatenate the marks of consecutive segments."""
        steps = [np.empty(0, np.int64), *(part.steps for part in parts)]
        bits = [np.empty(0, np.uint64), *(part.bits for part in parts)]
        return cls(np.concatenate(steps), np.concatenate(bits))

    def pack(self) -> bytes:
        """As bytes, sixteen for each mark."""
        return self.steps.astype("<i8").tobytes() + self.bits.astype("<u8").tobytes()

    @classmethod
    def unpack(cls, packed: bytes) -> Self:
        """Read what `pack` made."""
        count = len(packed) // 16
        bits = np.frombuffer(packed, "<u8", offset=8 * count)
        return cls(np.frombuffer(packed, "<i8", count), bits)


@dataclass(frozen=True, slots=True)
class Overlap:
    """The same footage in two recordings."""

    offset_ms: int
    """Start of the second recording in the first one's time; negative if it starts earlier."""
    start_ms: int
    end_ms: int
    """The common stretch, in the first one's time."""
    agreement: float
    """Agreement of the changes over the stretch: their mean cosine, 0.6 to 1."""


@dataclass(frozen=True, slots=True)
class _Run:
    """The stretch with the most evidence for one offset, on the first recording's grid."""

    evidence: float
    begin: int
    end: int
    """Exclusive."""
    moments: int
    """Number of its steps in which something happened."""
    share: float
    """Share of all that happens while both run that lies in the stretch, 0 to 1."""


_NOTHING = _Run(0, 0, 0, 0, 0)


def marks_of(moments: Changes) -> Marks:
    """The marks of those moments in which something happened."""
    telling = np.flatnonzero(moments.telling)
    return Marks(telling + moments.first_step, moments.marks[telling])


def proposals(a: Marks, b: Marks) -> list[int]:
    """Where b may start, in steps of a's time: offsets that several rare marks agree on, best
    first."""
    lags = np.concatenate([np.empty(0, np.int64), *_votes(a, b)])
    if not lags.size:
        return []
    first = int(lags.min()) - 1
    votes = np.convolve(np.bincount(lags - first), [1, 1, 1])[1:]  # two grids seldom meet
    chosen: list[int] = []
    for place in np.argsort(-votes, kind="stable").tolist():
        if votes[place] < FEWEST_VOTES or len(chosen) == MOST_PROPOSALS:
            break
        if all(abs(place + first - other) > _APART_STEPS for other in chosen):
            chosen.append(place + first)
    return chosen


def align(a: Glimpses, b: Glimpses, lags: Sequence[int]) -> Overlap | None:
    """The overlap near one of these lags, as `proposals` gives them.

    None if too little happens, if the changes do not agree, or if they agree at another lag as
    well: the time of repeating footage cannot be told.
    """
    if not lags:
        return None
    here, there = changes(a), (changes(b), changes(b, shift_ms=STEP_MS // 2))
    halves = sorted({2 * lag + half for lag in lags for half in (-2, -1, 0, 1, 2)})
    runs = {half: _run(here, there[half % 2], (half + 1) // 2) for half in halves}
    runs |= {2 * lag: _run(here, there[0], lag) for lag in _other_lags(here, there[0])}
    half = max(runs, key=lambda half: runs[half].evidence)
    rivals = [run.evidence for at, run in runs.items() if abs(at - half) > 2 * _APART_STEPS]
    rival = max(rivals, default=0)
    best = runs[half]
    if best.evidence < LEAST_LEAD * rival or not _is_enough(best):
        return None
    offset_ms, agreement = _refined(here, b, half * STEP_MS // 2, best)
    if agreement < LEAST_AGREEMENT:
        return None
    return Overlap(offset_ms, best.begin * STEP_MS, best.end * STEP_MS, agreement)


def _votes(a: Marks, b: Marks) -> Iterator[NDArray[np.int64]]:
    most = max(3, int(RARE_SHARE * len(b.steps)))
    _, asked = np.unique(a.steps // QUERY_STEPS, return_index=True)
    for place in asked:
        alike = b.steps[np.bitwise_count(b.bits ^ a.bits[place]) <= LIKE_BITS]
        if len(alike) <= most:
            yield a.steps[place] - alike


def _is_enough(run: _Run) -> bool:
    most_of_it = run.moments >= LEAST_MOMENTS and run.share >= LEAST_SHARE
    return most_of_it or run.moments >= ENOUGH_MOMENTS


def _run(a: Changes, b: Changes, lag: int) -> _Run:
    """The stretch with the largest sum of evidence for a lag minus evidence against it."""
    cosines, telling, first = _compared(a, b, lag)
    if not telling.any():
        return _NOTHING
    sums = np.concatenate([[0], np.where(telling, cosines - EXPECTED_AGREEMENT, 0).cumsum()])
    end = int((sums - np.minimum.accumulate(sums)).argmax())
    begin = int(sums[: end + 1].argmin())
    moments = int(telling[begin:end].sum())
    evidence = float(sums[end] - sums[begin])
    return _Run(evidence, first + begin, first + end, moments, moments / int(telling.sum()))


def _compared(
    a: Changes, b: Changes, lag: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_], int]:
    """Cosines while both run, where something happens in either, and the step of the first."""
    begin = max(a.first_step, b.first_step + lag)
    end = max(begin, min(a.first_step + len(a.known), b.first_step + lag + len(b.known)))
    of_a = slice(begin - a.first_step, end - a.first_step)
    of_b = slice(begin - b.first_step - lag, end - b.first_step - lag)
    known = a.known[of_a] & b.known[of_b]
    telling = known & (a.telling[of_a] | b.telling[of_b])
    return np.vecdot(a.directions[of_a], b.directions[of_b]), telling, begin


def _other_lags(a: Changes, b: Changes) -> list[int]:
    """Lags spread over the range in which the two recordings can overlap."""
    first = a.first_step - b.first_step - len(b.known)
    lags = np.linspace(first, first + len(a.known) + len(b.known), _OTHER_LAGS)
    return [round(lag) for lag in lags]


def _refined(here: Changes, b: Glimpses, near_ms: int, run: _Run) -> tuple[int, float]:
    """The offset with the best agreement within half a second, and that agreement."""
    begin_ms = run.begin * STEP_MS
    end_ms = min(run.end * STEP_MS, begin_ms + _FINE_STRETCH_MS)
    part = b.between(begin_ms - near_ms - 4 * STEP_MS, end_ms - near_ms + 4 * STEP_MS)
    steps = (run.begin, end_ms // STEP_MS)
    tries = range(near_ms - STEP_MS // 2, near_ms + STEP_MS // 2 + 1, _FINE_MS)
    agreements = [
        _agreement(here, changes(part, shift_ms=-offset_ms), *steps) for offset_ms in tries
    ]
    best = int(np.argmax(agreements))
    return tries[best], agreements[best]


def _agreement(a: Changes, b: Changes, begin: int, end: int) -> float:
    cosines, telling, first = _compared(a, b, 0)
    steps = np.arange(first, first + len(telling))
    inside = telling & (begin <= steps) & (steps < end)
    return float(cosines[inside].mean()) if inside.any() else 0.0
