"""Describes what happens in footage in a form that survives another codec, size or bit rate.

Pictures alone are not enough: those of a fixed camera look alike on every day. So a fingerprint
describes what *changes* from one second to the next, and where in the picture; where nothing
changes it contains nothing.
"""

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture

VERSION = 1
"""Version of the fingerprints; those of different versions are not compared."""
SIDE = 16
STEP_MS = 500
"""Spacing of the grid on which fingerprints are compared, in recording time."""
LONGEST_SPACING_MS = 1500
"""Pictures further apart than this do not show what changed between them."""
LEAST_CHANGE = 1.5
"""Grey levels (root mean square over the picture) below which nothing happened. The noise of
sensors and codecs, averaged over a cell, stays below a third of this."""
_FREQUENCIES = 8
_STEPS_AT_ONCE = 4096
_ENOUGH_PX = 256
"""Of a larger picture only every second pixel is used, or every third, and so on. That saves time,
and the difference is smaller than the picture's noise."""


@dataclass(frozen=True, slots=True, eq=False)
class Glimpses:
    """Small grey versions of the sampled frames, in order of time."""

    times_ms: NDArray[np.int64]
    """Shape [n], recording time."""
    pictures: NDArray[np.uint8]
    """Shape [n, 16, 16]."""

    @classmethod
    def of(cls, seen: Sequence[tuple[int, NDArray[np.uint8]]]) -> Self:
        """Collect pictures from `glimpse`, each with its time in milliseconds."""
        times_ms = np.array([time_ms for time_ms, _ in seen], np.int64)
        pictures = np.array([picture for _, picture in seen], np.uint8)
        return cls(times_ms, pictures.reshape(-1, SIDE, SIDE))

    @classmethod
    def joined(cls, parts: Sequence["Glimpses"]) -> Self:
        """Concatenate the glimpses of consecutive segments."""
        times_ms = [np.empty(0, np.int64), *(part.times_ms for part in parts)]
        pictures = [np.empty((0, SIDE, SIDE), np.uint8), *(part.pictures for part in parts)]
        return cls(np.concatenate(times_ms), np.concatenate(pictures))

    def between(self, start_ms: int, end_ms: int) -> "Glimpses":
        """The glimpses in [start_ms, end_ms)."""
        part = slice(*np.searchsorted(self.times_ms, [start_ms, end_ms]))
        return Glimpses(self.times_ms[part], self.pictures[part])

    def pack(self) -> bytes:
        """As bytes, compressed; a scene that does not change takes almost no space."""
        times = np.diff(self.times_ms, prepend=0).astype("<i8").tobytes()
        pictures = np.diff(self.pictures, axis=0, prepend=np.uint8(0)).tobytes()
        return zlib.compress(times + pictures)

    @classmethod
    def unpack(cls, packed: bytes) -> Self:
        """Read what `pack` made."""
        raw = zlib.decompress(packed)
        count = len(raw) // (8 + SIDE * SIDE)
        times = np.frombuffer(raw, "<i8", count).cumsum()
        pictures = np.frombuffer(raw, np.uint8, offset=8 * count).reshape(count, SIDE, SIDE)
        return cls(times, np.cumsum(pictures, axis=0, dtype=np.uint8))


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """What changed around each moment of a grid with a spacing of `STEP_MS`."""

    first_step: int
    """Position of the first moment on the grid: its recording time in steps."""
    directions: NDArray[np.float32]
    """Shape [n, 64]: unit vectors of where the picture grew lighter and darker; zero where nothing
    happened."""
    known: NDArray[np.bool_]
    """Shape [n]: whether there were pictures close enough to compare."""

    @property
    def telling(self) -> NDArray[np.bool_]:
        """Shape [n]: whether something happened."""
        return np.asarray(self.directions.any(axis=1))

    @property
    def marks(self) -> NDArray[np.uint64]:
        """Shape [n]: the signs of the 64 numbers, one bit each; similar changes differ in few."""
        bits = np.packbits(self.directions > 0, axis=1, bitorder="little")
        return bits.view("<u8").ravel()


def glimpse(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Reduce a picture of any size (RGB uint8 [h, w, 3]) to 16 by 16 grey pixels (uint8)."""
    stride = max(1, min(image.shape[:2]) // _ENOUGH_PX)
    thinned = Picture.fromarray(image[::stride, ::stride])
    return np.asarray(thinned.resize((SIDE, SIDE), Picture.Resampling.BOX).convert("L"))


def changes(glimpses: Glimpses, *, shift_ms: int = 0) -> Changes:
    """The changes within the second around each moment of the grid, shifted by `shift_ms`."""
    times_ms = glimpses.times_ms
    if len(times_ms) < 2:
        return Changes(0, np.empty((0, _FREQUENCIES**2), np.float32), np.empty(0, np.bool_))
    first = math.ceil((times_ms[0] - shift_ms) / STEP_MS) + 1
    last = math.floor((times_ms[-1] - shift_ms) / STEP_MS) - 1
    blocks = [
        _changes(glimpses, np.arange(begin, min(begin + _STEPS_AT_ONCE, last + 1)), shift_ms)
        for begin in range(first, max(last, first) + 1, _STEPS_AT_ONCE)
    ]
    directions, known = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    return Changes(first, directions, known)


def _changes(
    glimpses: Glimpses, steps: NDArray[np.int64], shift_ms: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    before, near_before = _at(glimpses, (steps - 1) * STEP_MS + shift_ms)
    after, near_after = _at(glimpses, (steps + 1) * STEP_MS + shift_ms)
    known = near_before & near_after
    return _directions(after - before, known), known


def _at(
    glimpses: Glimpses, times_ms: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Pictures interpolated at these times, and whether their neighbours are close enough."""
    after = np.searchsorted(glimpses.times_ms, times_ms, side="right")
    after = np.clip(after, 1, len(glimpses.times_ms) - 1)
    begin, end = glimpses.times_ms[after - 1], glimpses.times_ms[after]
    share = ((times_ms - begin) / np.maximum(end - begin, 1)).astype(np.float32)[:, None, None]
    between = glimpses.pictures[after - 1] * (1 - share) + glimpses.pictures[after] * share
    return between, end - begin <= LONGEST_SPACING_MS


def _directions(moved: NDArray[np.float32], known: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The low frequencies of each change without its mean: switching a light is no motion."""
    local = moved - moved.mean(axis=(1, 2), keepdims=True)
    happened = known & (np.sqrt((local**2).mean(axis=(1, 2))) >= LEAST_CHANGE)
    waves = _waves()
    low = (waves[:-1] @ local @ waves[1:].T).reshape(-1, _FREQUENCIES**2)
    length = np.linalg.norm(low, axis=1, keepdims=True)
    unit = np.divide(low, length, out=np.zeros_like(low), where=length > 0)
    return np.asarray(unit * happened[:, None], np.float32)


@cache
def _waves() -> NDArray[np.float32]:
    """Cosines [9, 16] of frequencies 0 to 8; 0..7 are used vertically, 1..8 horizontally."""
    places = (np.arange(SIDE) + 0.5) * np.pi / SIDE
    waves = np.cos(np.arange(_FREQUENCIES + 1)[:, None] * places) * np.sqrt(2 / SIDE)
    waves[0] /= np.sqrt(2)
    return np.asarray(waves, np.float32)
