"""Recently made clips, in memory only, so that nothing of them is left to purge."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from pipeline.judging.clips import Clip

MOST_BYTES = 64_000_000


@dataclass
class ClipCache:
    """A few clips; one is made at a time, since each takes a core for some seconds."""

    most_bytes: int = MOST_BYTES
    _clips: OrderedDict[Hashable, Clip] = field(default_factory=OrderedDict)
    _making: threading.Lock = field(default_factory=threading.Lock)

    def take(self, label: Hashable, make: Callable[[], Clip]) -> Clip:
        """The clip with this label, made if it is not cached."""
        with self._making:
            if label not in self._clips:
                self._clips[label] = make()
            self._clips.move_to_end(label)
            self._make_room()
            return self._clips[label]

    def _make_room(self) -> None:
        while len(self._clips) > 1 and self._bytes() > self.most_bytes:
            self._clips.popitem(last=False)

    def _bytes(self) -> int:
        return sum(len(clip.mp4) for clip in self._clips.values())
