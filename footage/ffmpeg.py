"""The only module that starts ffmpeg: hostile files meet its children, and never the worker itself.

ffmpeg-python builds the arguments. Its own runners wait for ever and deadlock on a full pipe, so
they are not used.
"""

import contextlib
import fcntl
import os
import select
import signal
import subprocess
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

import ffmpeg

from errors import DecoderFailed
from footage.executables import choose, find_ffmpegs
from footage.guards import Decoder, Options, guards
from footage.opening import open_footage
from footage.remote.held_reads import FreeReads, HeldReads, Supply
from footage.sandbox.sandbox import STARTERS, own_status, start

__all__ = ["Child", "Decoder", "choose", "find_ffmpegs"]

_LOG_HEAD_BYTES, _LOG_TAIL_BYTES = 1 << 20, 1 << 14
_PIPE_BYTES = 1 << 20
_MOST_CORES = 4
_LONGEST_LINE_BYTES = 1 << 16
_NO_ROOM = "Error submitting packet to decoder: Cannot allocate memory"
_NO_MEMORY = "Cannot allocate memory"
_MEMORY_SIGNS = (_NO_MEMORY, "error while loading shared libraries")
_MISUSE_SIGNS = ("Unrecognized option", "No such filter", "Error initializing filter")


def command(decoder: Decoder, reading: Options, writing: Options) -> list[str]:
    """The argument list that reads the first moving-picture stream of stdin to stdout.

    `0:V:0` passes over attached pictures. `fd:` is an open file: the child learns no name, so no
    name can be taken for an option, a protocol or a pattern, and it cannot ask for another file.
    """
    source = ffmpeg.input("fd:", **{**guards(decoder), **reading})
    only: Options = {"map": "0:V:0", "an": None, "sn": None, "dn": None, "threads": 1}
    arguments: list[str] = source.output("pipe:", **{**only, **writing}).compile(
        cmd=decoder.executable
    )
    return arguments


class Child:
    """One running ffmpeg: data on stdout, reports on a side pipe, its log on stderr.

    One loop reads all three, so that none of them can fill up and stop the child, and no thread
    is needed. Waiting for the child is what is limited: a slow reader does not use up its time.
    """

    def __init__(
        self,
        decoder: Decoder,
        path: str,
        *,
        reading: Options,
        writing: Callable[[str], Options],
        reports: Callable[[bytes], None] = lambda _: None,
        timeout_seconds: float = 0,
        supply: Supply | None = None,
    ) -> None:
        """Start it.

        `writing` receives the side pipe's address, quoted for use in a filter; what is written
        there comes to `reports`. `timeout_seconds` stands in for the decoder's own limit.
        `supply` fetches what is missing of the file; the methods below raise what it raises.
        Raises DecoderFailed when the child cannot be started, and what `open_footage` raises.
        """
        self._seconds_left = timeout_seconds or decoder.timeout_seconds
        self._walls = decoder.sandbox
        self._log_head, self._log_tail = bytearray(), bytearray()
        self._reads = FreeReads()
        self._side, child_side = os.pipe()
        try:
            arguments = command(decoder, reading, writing(rf"'pipe\:{child_side}'"))
            with open_footage(path) as file:
                if supply is not None:
                    self._reads = _held(file.fileno(), supply, decoder)
                self._process = self._start(arguments, decoder, file.fileno(), child_side)
        except BaseException:
            os.close(self._side)
            self._reads.close()
            raise
        finally:
            os.close(child_side)
        assert self._process.stdout is not None and self._process.stderr is not None
        self._stdout = self._process.stdout.fileno()
        self._drains = {self._process.stderr.fileno(): self._keep_log, self._side: reports}

    def read_into(self, buffer: memoryview) -> int:
        """Fill `buffer` from stdout; fewer bytes than it holds mean the end of the stream.

        Raises DecoderFailed when the child's time is used up.
        """
        filled = 0
        while filled < len(buffer) and (got := self._read(buffer[filled:])):
            filled += got
        return filled

    def lines(self) -> Iterator[bytes]:
        """The lines of stdout without their ends; an endless one is cut.

        Raises DecoderFailed when the child's time is used up.
        """
        block, rest = memoryview(bytearray(_PIPE_BYTES)), b""
        while got := self._read(block):
            *lines, rest = (rest + bytes(block[:got])).split(b"\n")
            yield from lines
            rest = rest[:_LONGEST_LINE_BYTES]

    def wait_for_report(self) -> bool:
        """Wait until something has come beside stdout; False when the child has ended."""
        if self._side in self._drains:
            self._wait()
        return self._side in self._drains

    def finish(self) -> int:
        """Wait for the end after stdout has been read, and give the exit status.

        Raises DecoderFailed when the child was killed, lacked memory or time, or did not
        understand what was asked of it. A file it cannot open or decode is not such a case.
        """
        while self._drains:
            self._wait()
        try:
            ended = self._process.wait(timeout=max(self._seconds_left, 1))
        except subprocess.TimeoutExpired:
            raise self._out_of_time() from None
        self._reads.check()
        status = own_status(ended, self._walls, self.log)
        if status < 0:
            raise DecoderFailed(
                f"ffmpeg was killed by {signal.Signals(-status).name}; the segment is retried."
            )
        lacking = status and any(sign in self.log for sign in _MEMORY_SIGNS)
        if _NO_ROOM in self.log or (lacking and not self.has_too_much):
            raise DecoderFailed(
                "ffmpeg needs more memory than it may use; raise NIGHTREEL_DECODER_MEMORY_MB."
            )
        if status and self.log.startswith(STARTERS):
            reason = self.log.rpartition(": ")[2].strip()
            raise DecoderFailed(f"ffmpeg cannot be started: {reason}.")
        if status and any(sign in self.log for sign in _MISUSE_SIGNS):
            raise DecoderFailed("This ffmpeg does not know the options used; install a newer one.")
        return status

    @property
    def has_opened(self) -> bool:
        """Whether it understood the file well enough to choose a stream."""
        return "Stream mapping:" in self.log

    @property
    def has_too_much(self) -> bool:
        """Whether the file asks for more than any honest one: streams, or memory for its index."""
        opened_nothing = "Error opening input" in self.log and _NO_MEMORY in self.log
        return "Number of streams exceeds" in self.log or opened_nothing

    @property
    def log(self) -> str:
        """Beginning and end of what it wrote to stderr."""
        return (self._log_head + self._log_tail).decode(errors="replace")

    def close(self) -> None:
        """Kill it if it still runs, reap it and close the pipes; twice does no harm."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):  # stuck in a dead network disk
            self._process.wait(timeout=10)
        for pipe in (self._process.stdout, self._process.stderr):
            assert pipe is not None
            pipe.close()
        if self._side >= 0:
            os.close(self._side)
            self._side = -1
        self._reads.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _start(
        self, arguments: list[str], decoder: Decoder, footage: int, side: int
    ) -> "subprocess.Popen[bytes]":
        limits = {
            "as": decoder.memory_mb << 20,
            "cpu": int(_MOST_CORES * self._seconds_left) + 1,
        }
        try:
            process = start(
                arguments, decoder.sandbox, limits,
                stdin=footage, passed=(side,), starter=self._reads.starter,
            )  # fmt: skip
        except OSError as error:
            raise DecoderFailed(f"ffmpeg cannot be started: {error.strerror}.") from None
        assert process.stdout is not None
        with contextlib.suppress(OSError):  # the user's share of pipe memory may be used up
            fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        return process

    def _read(self, buffer: memoryview) -> int:
        while self._stdout not in self._wait(self._stdout):
            pass
        return os.readv(self._stdout, [buffer])

    def _wait(self, *wanted: int) -> set[int]:
        """Wait for any pipe, empty those beside stdout, and say which are readable."""
        poll = select.poll()
        for pipe in (*self._drains, *wanted):
            poll.register(pipe, select.POLLIN)
        ready: set[int] = set()
        while not ready:
            begun = self._reads.clock()
            ready = {pipe for pipe, _ in poll.poll(max(self._seconds_left, 0) * 1000)}
            self._seconds_left -= self._reads.clock() - begun
            self._reads.check()
            if not ready and self._seconds_left <= 0:
                raise self._out_of_time()
        for pipe in ready & self._drains.keys():
            self._drain(pipe)
        return ready

    def _drain(self, pipe: int) -> None:
        chunk = os.read(pipe, _PIPE_BYTES)
        if chunk:
            self._drains[pipe](chunk)
        else:
            del self._drains[pipe]

    def _keep_log(self, chunk: bytes) -> None:
        room = _LOG_HEAD_BYTES - len(self._log_head)
        self._log_head += chunk[:room]
        self._log_tail = (self._log_tail + chunk[room:])[-_LOG_TAIL_BYTES:]

    def _out_of_time(self) -> DecoderFailed:
        self.close()
        return DecoderFailed("ffmpeg took too long and was stopped; the segment is retried.")


def _held(footage: int, supply: Supply, decoder: Decoder) -> HeldReads:
    try:
        return HeldReads(footage, supply, decoder.executable, decoder.sandbox)
    except OSError as error:
        raise DecoderFailed(f"ffmpeg's reads cannot be held: {error.strerror}.") from None
