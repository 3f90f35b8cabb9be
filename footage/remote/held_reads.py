"""Reads of a child that wait until their bytes are here: footage that is fetched in pieces.

What is missing of a file reads as zeros, which a decoder takes for damage. So the kernel holds each
read of the child and tells us; we fetch its bytes, and let it go on. Whichever descriptor is read,
it is taken for the footage: ffmpeg duplicates the one it was given, and all duplicates share one
position, which we see through one of ours. Little else is read, and that at the beginning.
"""

import os
import select
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from footage.remote.notifications import Read, let_fail, let_go_on, receive
from footage.sandbox.confine import hold_reads
from footage.sandbox.sandbox import Sandbox, shut_in, starts, without_collections


class Supply(Protocol):
    """Fetches what is missing of a file."""

    def ensure(self, start: int, end: int) -> bool:
        """Return when the bytes [start, end) are in the file, and whether some were missing.

        The file may end before `end`, and before `start`. What is raised ends the reading.
        """


class FreeReads:
    """Reads that nobody holds, of a file that is here as a whole."""

    starter: ThreadPoolExecutor | None = None

    def clock(self) -> float:
        """Seconds, as `time.monotonic`."""
        return time.monotonic()

    def check(self) -> None:
        """Nothing can be missing."""

    def close(self) -> None:
        """There is nothing to end."""


class HeldReads(FreeReads):
    """Reads of whatever is started by `starter`; close it when that has ended."""

    starter: ThreadPoolExecutor

    def __init__(self, file: int, supply: Supply, executable: str, sandbox: Sandbox) -> None:
        """Get ready to start one child behind sandbox, with `file` as its standard input.

        Raises OSError where the kernel holds no reads.
        """
        self._supply = supply
        self._failure: BaseException | None = None
        self._held: tuple[float, float | None] = (0.0, None)
        self.starter = shut_in(executable, sandbox)
        try:
            self._own, self._listener = self.starter.submit(_hold_own_reads).result()
        except OSError:
            self.starter.shutdown()
            raise
        self._file = os.dup(file)
        self._left, self._leave = os.pipe()
        # A child of the calling thread, which is not shut in: the store must be reached.
        self._thread = threading.Thread(target=self._serve, name="held-reads", daemon=True)
        self._thread.start()

    def clock(self) -> float:
        """Seconds that passed while nothing was being fetched."""
        total, since = self._held
        return (time.monotonic() if since is None else since) - total

    def check(self) -> None:
        """Raise what kept bytes from being fetched, if anything did.

        The read in question has failed, and every one since: what the child makes of it is void.
        """
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """End; a read that is still held fails. Twice does no harm."""
        if self._leave >= 0:
            os.close(self._leave)
            self._leave = -1
            self._thread.join()
            self.starter.shutdown()
            os.close(self._left)
            os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _serve(self) -> None:
        poll = select.poll()
        poll.register(self._listener, select.POLLIN)
        poll.register(self._left, select.POLLIN)
        try:
            while self._left not in dict(poll.poll()):
                self._answer()
        except BaseException as error:
            self._failure = error
        finally:
            os.close(self._listener)  # from here on the kernel fails every read

    def _answer(self) -> None:
        read = receive(self._listener)
        if read is None:
            return
        of_child = read.thread != self._own  # else it asks whether a child could be started
        if of_child and self._failure is None:
            self._ensure(read)
        fails = of_child and self._failure is not None
        (let_fail if fails else let_go_on)(self._listener, read)

    def _ensure(self, read: Read) -> None:
        total, begun = self._held[0], time.monotonic()
        self._held = (total, begun)
        try:
            here = os.lseek(self._file, 0, os.SEEK_CUR) if read.offset is None else read.offset
            was_missing = self._supply.ensure(here, here + read.count)
            if was_missing:  # else one that reads for ever would stop the clock
                total += time.monotonic() - begun
        except BaseException as error:
            self._failure = error
        self._held = (total, None)


class _Counting:
    reads = 0

    def ensure(self, _start: int, _end: int) -> bool:
        self.reads += 1
        return False


@cache
def can_hold_reads(executable: str, sandbox: Sandbox) -> bool:
    """Whether this machine holds the reads of this ffmpeg behind these sandbox, tried once."""
    seen = _Counting()
    try:
        with Path(os.devnull).open("rb") as nothing:
            reads = HeldReads(nothing.fileno(), seen, executable, sandbox)
    except OSError:
        return False
    with reads:
        return starts(executable, sandbox, reads.starter) and seen.reads > 0


def _hold_own_reads() -> tuple[int, int]:
    """Of the calling thread, whose number is given before the listener."""
    with without_collections():
        return threading.get_native_id(), hold_reads()
