"""Recently made clips, in memory only, so that none are left to purge."""

import threading
from collections.abc import Callable, Hashable
from contextlib import suppress

from cachetools import LRUCache

from pipeline.judging.clips import Clip

MOST_BYTES = 64_000_000


class ClipCache:
    """A few clips; they are made one at a time, since each takes a core for some seconds."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._clips: LRUCache[Hashable, Clip] = LRUCache(most_bytes, lambda clip: len(clip.mp4))
        self._making = threading.Lock()

    def take(self, label: Hashable, make: Callable[[], Clip]) -> Clip:
        """The clip with this label, made if it is not cached."""
        with self._making:
            clip = self._clips.get(label)
            if clip is None:
                clip = make()
                with suppress(ValueError):  # larger than the cache
                    self._clips[label] = clip
            return clip
