"""Where two recordings show the same footage, found from their fingerprints.

Marks of rare moments vote for offsets. What they propose is held against all that changed, and
against how well the two agree at offsets where they ought not to.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from footage.fingerprint import STEP_MS, Changes, Glimpses, changes

LIKE_BITS = 14
"""Marks of one moment in two exports differ in about 5 of their 64 bits, those of two moments
in about 32, and hardly ever in 14 or less."""
QUERY_STEPS = 4
"""Of two seconds one mark is asked for: the next ones are much like it."""
RARE_SHARE = 0.02
"""A mark that more of the other recording's resemble tells no time: a lamp that blinks."""
FEWEST_VOTES = 4
MOST_PROPOSALS = 3
EXPECTED_AGREEMENT = 0.4
"""Cosine of two changes from which on they speak for one moment; below it they speak against."""
LEAST_AGREEMENT = 0.6
LEAST_MOMENTS = 30
"""In so many half seconds of the common stretch something must happen: one person who walks
through the picture as somebody else did on another day is seen for less."""
LEAST_SHARE = 0.6
"""So much of what happens while both run must lie in the common stretch, ..."""
ENOUGH_MOMENTS = 120
"""... or so many moments, as in a film that was put together from several."""
LEAST_LEAD = 2.0
"""Times as much must speak for an offset as for any other."""
_APART_STEPS = 6
_OTHER_LAGS = 60
_FINE_MS = 50
_FINE_STRETCH_MS = 300_000


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """The telling moments of one recording."""

    steps: NDArray[np.int64]
    """Shape [n]: their places on the grid, in order."""
    bits: NDArray[np.uint64]
    """Shape [n]."""

    @classmethod
    def joined(cls, parts: Sequence["Marks"]) -> Self:
        """Those of one segment after another."""
        steps = [np.empty(0, np.int64), *(part.steps for part in parts)]
        bits = [np.empty(0, np.uint64), *(part.bits for part in parts)]
        return cls(np.concatenate(steps), np.concatenate(bits))

    def pack(self) -> bytes:
        """As bytes, sixteen for each."""
        return self.steps.astype("<i8").tobytes() + self.bits.astype("<u8").tobytes()

    @classmethod
    def unpack(cls, packed: bytes) -> Self:
        """What `pack` made."""
        count = len(packed) // 16
        bits = np.frombuffer(packed, "<u8", offset=8 * count)
        return cls(np.frombuffer(packed, "<i8", count), bits)


@dataclass(frozen=True, slots=True)
class Overlap:
    """The same footage in two recordings."""

    offset_ms: int
    """Where the second begins, in the first one's time; it may be before the first begins."""
    start_ms: int
    end_ms: int
    """The common stretch, in the first one's time."""
    agreement: float
    """How well the changes agree over it: their mean cosine, 0.6 to 1."""


@dataclass(frozen=True, slots=True)
class _Run:
    """The stretch that speaks most for one offset, on the first recording's grid."""

    evidence: float
    begin: int
    end: int
    """Not included."""
    moments: int
    """How many of it tell something."""
    share: float
    """How much of all that happens while both run lies in it."""


_NOTHING = _Run(0, 0, 0, 0, 0)


def marks_of(found: Changes) -> Marks:
    """The telling moments among changes."""
    telling = np.flatnonzero(found.telling)
    return Marks(telling + found.first_step, found.marks[telling])


def proposals(a: Marks, b: Marks) -> list[int]:
    """Where b may begin, in steps of a's time: what several rare marks agree on, best first."""
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

    None where too little happens, where it does not agree, or where it agrees elsewhere as well:
    of something that repeats itself nobody can tell when it was.
    """
    if not lags:
        return None
    here, there = changes(a), (changes(b), changes(b, shift_ms=STEP_MS // 2))
    halves = sorted({2 * lag + half for lag in lags for half in (-2, -1, 0, 1, 2)})
    runs = {half: _run(here, there[half % 2], (half + 1) // 2) for half in halves}
    runs |= {2 * lag: _run(here, there[0], lag) for lag in _other_lags(here, there[0])}
    half = max(runs, key=lambda one: runs[one].evidence)
    rival = max(
        (runs[one].evidence for one in runs if abs(one - half) > 2 * _APART_STEPS), default=0
    )
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
    """The stretch with the largest sum of what speaks for a lag less what speaks against it."""
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
    """Cosines while both run, where either tells something, and the step of the first."""
    begin = max(a.first_step, b.first_step + lag)
    end = max(begin, min(a.first_step + len(a.known), b.first_step + lag + len(b.known)))
    of_a = slice(begin - a.first_step, end - a.first_step)
    of_b = slice(begin - b.first_step - lag, end - b.first_step - lag)
    known = a.known[of_a] & b.known[of_b]
    telling = known & (a.telling[of_a] | b.telling[of_b])
    return np.vecdot(a.directions[of_a], b.directions[of_b]), telling, begin


def _other_lags(a: Changes, b: Changes) -> list[int]:
    """Lags all over the range in which anything of both can meet."""
    first = a.first_step - b.first_step - len(b.known)
    lags = np.linspace(first, first + len(a.known) + len(b.known), _OTHER_LAGS)
    return [round(lag) for lag in lags]


def _refined(here: Changes, b: Glimpses, near_ms: int, run: _Run) -> tuple[int, float]:
    """The offset within half a second that agrees best, and how well it does."""
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
