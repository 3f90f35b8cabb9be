"""ffmpeg's reports on its side pipe about the frames that pass through its filters.

The `metadata` filter prints the pts of each frame and one key, here `decoded` or `sampled`. The
frames' own metadata, which comes from the file, is deleted before. Counting frames and dividing by
the frame rate would give wrong times for most real recordings.
"""

import re
from collections import deque
from dataclasses import dataclass, field

from footage.coverage import Hole

_PTS = re.compile(rb"frame:\d+ +pts:(-?\d+) ")


def printing(key: str, address: str) -> str:
    """Filters that report each frame under `key` to the side pipe at `address`."""
    return (
        f"metadata=mode=delete,metadata=mode=add:key={key}:value=1,"
        f"metadata=mode=print:key={key}:file={address}:direct=1"
    )


@dataclass(slots=True)
class Reports:
    """Collects the reports of one child; `feed` accepts them in chunks of any size."""

    tolerance: int
    """Longest distance between two frames that is no hole, ticks."""
    decoded: int = 0
    first: int | None = None
    """Pts of the first decoded frame."""
    last: int | None = None
    """Pts of the latest decoded frame."""
    sampled: deque[int] = field(default_factory=deque)
    """Pts of the sampled frames whose pictures have not been read yet."""
    holes: list[Hole] = field(default_factory=list)
    _pts: int | None = None
    _rest: bytes = b""

    def feed(self, chunk: bytes) -> None:
        """Add a chunk that was read from the side pipe."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            if match := _PTS.match(line):
                self._pts = int(match[1])
            elif self._pts is not None and line == b"decoded=1":
                self._add_decoded(self._pts)
            elif self._pts is not None and line == b"sampled=1":
                self.sampled.append(self._pts)

    def _add_decoded(self, pts: int) -> None:
        self.decoded += 1
        if self.last is not None and pts - self.last > self.tolerance:
            self.holes.append(Hole(self.last, pts))
        self.first = pts if self.first is None else self.first
        self.last = pts if self.last is None else max(self.last, pts)
