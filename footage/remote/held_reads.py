"""Holds each read of a child until its bytes are in the local file, for footage fetched in parts.

Missing parts of a file read as zeros, which a decoder takes for damage. So the kernel holds each
read of the child and notifies us; we fetch the bytes and let the read continue. Every descriptor
that is read is taken for the footage: ffmpeg duplicates the one it was given, and all duplicates
share one position, which we see through a duplicate of ours. Little else is read, and only at the
beginning.
"""

import os
import select
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Protocol, Self

from footage.remote.notifications import Read, let_fail, let_go_on, receive
from footage.sandbox.confine import hold_reads
from footage.sandbox.sandbox import Sandbox, shut_in, starts, without_collections


class Supply(Protocol):
    """Fetches the missing parts of a file."""

    def ensure(self, start: int, end: int) -> bool:
        """Wait until the bytes [start, end) are in the file; returns whether some were missing.

        The file may end before `end`, and before `start`. An error that is raised ends the reading.
        """


class FreeReads:
    """Stands in for `HeldReads` when the file is complete: no read is held."""

    starter: ThreadPoolExecutor | None = None

    def clock(self) -> float:
        """Seconds, as `time.monotonic`."""
        return time.monotonic()

    def check(self) -> None:
        """Does nothing: no bytes can be missing."""

    def close(self) -> None:
        """Does nothing: there is no thread to end."""


class HeldReads(FreeReads):
    """Holds the reads of the child that `starter` starts; close it when the child has ended."""

    starter: ThreadPoolExecutor

    def __init__(self, file: int, supply: Supply, executable: str, sandbox: Sandbox) -> None:
        """Prepare to start one child in the sandbox, with `file` as its standard input.

        Raises OSError if the kernel cannot hold reads.
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
        # Started from the calling thread, which is not sandboxed: it must reach the store.
        self._thread = threading.Thread(target=self._serve, name="held-reads", daemon=True)
        self._thread.start()

    def clock(self) -> float:
        """Seconds that passed while nothing was being fetched, for differences only."""
        total, since = self._held
        return (time.monotonic() if since is None else since) - total

    def check(self) -> None:
        """Raise the error with which fetching failed, if it did.

        The read concerned and every later one have failed, so the child's results are invalid.
        """
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """Stop holding reads; a read still held fails. May be called twice."""
        if self._leave >= 0:
            os.close(self._leave)
            self._leave = -1
            self._thread.join()
            self.starter.shutdown()
            os.close(self._left)
            os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
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
        of_child = read.thread != self._own  # the starter thread's read: is the child started?
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
            if was_missing:  # otherwise endless reads of present bytes would stop the clock
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
    """Whether this machine can hold the reads of this ffmpeg in this sandbox, tried once."""
    supply = _Counting()
    try:
        with Path(os.devnull).open("rb") as nothing:
            reads = HeldReads(nothing.fileno(), supply, executable, sandbox)
    except OSError:
        return False
    with reads:
        return starts(executable, sandbox, reads.starter) and supply.reads > 0


def _hold_own_reads() -> tuple[int, int]:
    """Hold the calling thread's reads; returns its thread id and the listener."""
    with without_collections():
        return threading.get_native_id(), hold_reads()
