"""What ffmpeg says on its side pipe about the frames that pass through its filters.

The `metadata` filter prints the pts of each frame and one key, here `decoded` or `sampled`; the
frames' own metadata, which the file's author wrote, has been deleted before. Counting frames and
dividing by the rate would give wrong times for most recordings of the real world.
"""

import re
from collections import deque
from dataclasses import dataclass, field

from footage.coverage import Hole

_PTS = re.compile(rb"frame:\d+ +pts:(-?\d+) ")


def printing(key: str, address: str) -> str:
    """Filters that report each frame passing here under `key` to a side pipe."""
    return (
        f"metadata=mode=delete,metadata=mode=add:key={key}:value=1,"
        f"metadata=mode=print:key={key}:file={address}:direct=1"
    )


@dataclass(slots=True)
class Reports:
    """Collects the reports of one child; `feed` takes them in pieces of any size."""

    tolerance: int
    """Longest distance between two frames that is no hole, ticks."""
    decoded: int = 0
    first: int | None = None
    """Pts of the first decoded frame."""
    last: int | None = None
    """Pts of the latest decoded frame."""
    sampled: deque[int] = field(default_factory=deque)
    """Pts of sampled frames whose pictures have not been taken yet."""
    holes: list[Hole] = field(default_factory=list)
    _pts: int | None = None
    _rest: bytes = b""

    def feed(self, chunk: bytes) -> None:
        """Take in what the side pipe has given."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            if found := _PTS.match(line):
                self._pts = int(found[1])
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
