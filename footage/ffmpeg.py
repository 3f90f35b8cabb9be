"""Runs ffmpeg in child processes that decode or read files, so that the worker itself never parses
hostile files.

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
    """The arguments that read the first video stream from stdin and write it to stdout.

    `0:V:0` skips attached pictures. `fd:` is an open file: the child learns no name, so no name can
    be taken for an option, a protocol or a pattern, and it cannot ask for another file.
    """
    source = ffmpeg.input("fd:", **{**guards(decoder), **reading})
    only: Options = {"map": "0:V:0", "an": None, "sn": None, "dn": None, "threads": 1}
    arguments: list[str] = source.output("pipe:", **{**only, **writing}).compile(
        cmd=decoder.executable
    )
    return arguments


class Child:
    """One running ffmpeg: data on stdout, reports on a side pipe, its log on stderr.

    One loop reads all three, so that none of them can fill up and block the child, and no thread
    is needed. The time limit counts waits for the child only: a slow reader does not use it up.
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
        """Start the child.

        `reading` are its input options. `writing` is called with the side pipe's address, quoted
        for use in a filter, and returns the output options; `reports` gets what the child writes to
        that pipe. `timeout_seconds`, if not 0, replaces the decoder's own limit. `supply` fetches
        missing parts of the file; the methods below raise what it raises. Raises DecoderFailed if
        the child cannot be started, and what `open_footage` raises.
        """
        self._seconds_left = timeout_seconds or decoder.timeout_seconds
        self._sandbox = decoder.sandbox
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
        """Fill `buffer` from stdout and return how many bytes were read; fewer than it holds mean
        the end of the stream.

        Raises DecoderFailed when the child's time is used up.
        """
        filled = 0
        while filled < len(buffer) and (got := self._read(buffer[filled:])):
            filled += got
        return filled

    def lines(self) -> Iterator[bytes]:
        """The lines of stdout without their line ends; an endless line is cut.

        Raises DecoderFailed when the child's time is used up.
        """
        block, rest = memoryview(bytearray(_PIPE_BYTES)), b""
        while got := self._read(block):
            *lines, rest = (rest + bytes(block[:got])).split(b"\n")
            yield from lines
            rest = rest[:_LONGEST_LINE_BYTES]

    def wait_for_report(self) -> bool:
        """Wait for output on any pipe but stdout; False once the side pipe has ended.

        Raises DecoderFailed when the child's time is used up.
        """
        if self._side in self._drains:
            self._wait()
        return self._side in self._drains

    def finish(self) -> int:
        """Wait for the child's end, after stdout has been read, and return its exit status.

        Raises DecoderFailed if the child was killed, lacked memory or time, or did not know its
        options. A file that it cannot open or decode raises nothing.
        """
        while self._drains:
            self._wait()
        try:
            ended = self._process.wait(timeout=max(self._seconds_left, 1))
        except subprocess.TimeoutExpired:
            raise self._out_of_time() from None
        self._reads.check()
        status = own_status(ended, self._sandbox, self.log)
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
        """Whether the child understood the file well enough to choose a stream."""
        return "Stream mapping:" in self.log

    @property
    def has_too_much(self) -> bool:
        """Whether the file needs too much: too many streams, or too much memory for its index."""
        opened_nothing = "Error opening input" in self.log and _NO_MEMORY in self.log
        return "Number of streams exceeds" in self.log or opened_nothing

    @property
    def log(self) -> str:
        """Beginning and end of the child's stderr."""
        return (self._log_head + self._log_tail).decode(errors="replace")

    def close(self) -> None:
        """Kill the child if it still runs, reap it and close the pipes; may be called twice."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):  # hangs on a dead network disk
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

    def __exit__(self, *_: object) -> None:
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
        with contextlib.suppress(OSError):  # the user's quota of pipe memory may be used up
            fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        return process

    def _read(self, buffer: memoryview) -> int:
        while self._stdout not in self._wait(self._stdout):
            pass
        return os.readv(self._stdout, [buffer])

    def _wait(self, *wanted: int) -> set[int]:
        """Wait for any pipe, read the others than stdout, and return which were readable."""
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
