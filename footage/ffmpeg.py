"""The only module that starts ffmpeg: hostile files meet its children, and never the worker itself.

ffmpeg-python builds the arguments. Its own runners wait for ever and deadlock on a full pipe, so
they are not used.
"""

import contextlib
import fcntl
import os
import re
import resource
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import ffmpeg
import imageio_ffmpeg

from errors import DecoderFailed, StackTrouble, WrongUsage
from footage.guards import Decoder, Options, guards

__all__ = ["Child", "Decoder", "Found", "choose", "find_ffmpegs"]

MINIMUM_VERSION = (5, 1)

_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH")
"""All a child inherits: not our passwords, nor variables that change what ffmpeg writes."""
_LOG_HEAD_BYTES, _LOG_TAIL_BYTES = 1 << 20, 1 << 14
_PIPE_BYTES = 1 << 20
_MOST_CORES = 4
_LONGEST_LINE_BYTES = 1 << 16
_MEMORY_SIGNS = ("Cannot allocate memory", "error while loading shared libraries")
_MISUSE_SIGNS = ("Unrecognized option", "No such filter", "Error initializing filter")


@dataclass(frozen=True, slots=True)
class Found:
    """An ffmpeg of this computer."""

    path: str
    version: str
    """As it calls itself, e.g. `5.1.9-0+deb12u1` or `n9.0.2-17-g2a571b6068`."""
    origin: str
    """`system` or `imageio-ffmpeg`."""

    @property
    def number(self) -> tuple[int, int]:
        """Major and minor version; (0, 0) for a build that does not say."""
        found = re.match(r"n?(\d+)\.(\d+)", self.version)
        return (int(found[1]), int(found[2])) if found else (0, 0)


def find_ffmpegs() -> list[Found]:
    """Every ffmpeg on the path and the one imageio-ffmpeg brings, in that order."""
    candidates = [(str(Path(folder, "ffmpeg")), "system") for folder in os.get_exec_path()]
    with contextlib.suppress(RuntimeError):  # imageio-ffmpeg has no binary for this platform
        candidates.append((imageio_ffmpeg.get_ffmpeg_exe(), "imageio-ffmpeg"))
    found: dict[Path, Found] = {}
    for path, origin in candidates:
        file = Path(path).resolve()
        if file not in found and (version := _version(path)):
            found[file] = Found(path, version, origin)
    return list(found.values())


def choose(preferred: str = "") -> str:
    """Path of the ffmpeg to use: `preferred`, or the newest there is, the system's among equals.

    Raises WrongUsage when `preferred` is no ffmpeg of version 5.1 or later, StackTrouble when
    there is none at all.
    """
    found = [Found(preferred, _version(preferred), "system")] if preferred else find_ffmpegs()
    usable = [each for each in found if each.number >= MINIMUM_VERSION]
    if usable:
        return max(usable, key=lambda each: (each.number, each.origin == "system")).path
    if preferred:
        raise WrongUsage(f"{preferred} is not an ffmpeg of version 5.1 or later; name another.")
    raise StackTrouble("No ffmpeg of version 5.1 or later is here; install one.")


def _version(path: str) -> str:
    """What an executable calls itself; empty when it is no ffmpeg."""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        answer = subprocess.run(
            [path, "-nostdin", "-version"],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False,
        )  # fmt: skip
        found = re.match(rb"ffmpeg version (\S+)", answer.stdout)
        return found[1].decode(errors="replace") if found else ""
    return ""


def command(decoder: Decoder, path: str, reading: Options, writing: Options) -> list[str]:
    """The argument list that reads the first moving-picture stream of `path` to stdout.

    `0:V:0` passes over attached pictures; `file:` keeps a name with a colon or a leading dash
    from being read as a protocol or an option.
    """
    source = ffmpeg.input("", **{**guards(decoder), **reading})
    only: Options = {"map": "0:V:0", "an": None, "sn": None, "dn": None, "threads": 1}
    arguments: list[str] = source.output("pipe:", **{**only, **writing}).compile(
        cmd=decoder.executable
    )
    # put in last, because ffmpeg-python takes every name for UTF-8
    arguments[arguments.index("-i") + 1] = f"file:{path}"
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
        patience_seconds: float = 0,
    ) -> None:
        """Start it.

        `writing` receives the side pipe's address, quoted for use in a filter; what is written
        there comes to `reports`. `patience_seconds` stands in for the decoder's own limit.
        Raises DecoderFailed when the child cannot be started.
        """
        self._patience = patience_seconds or decoder.timeout_seconds
        self._log_head, self._log_tail = bytearray(), bytearray()
        self._side, child_side = os.pipe()
        try:
            arguments = command(decoder, path, reading, writing(rf"'pipe\:{child_side}'"))
            self._process = _start(arguments, child_side)
        except BaseException:
            os.close(self._side)
            raise
        finally:
            os.close(child_side)
        assert self._process.stdout is not None and self._process.stderr is not None
        self._stdout = self._process.stdout.fileno()
        self._drains = {self._process.stderr.fileno(): self._keep_log, self._side: reports}
        self._limit(decoder)

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
            status = self._process.wait(timeout=max(self._patience, 1))
        except subprocess.TimeoutExpired:
            raise self._out_of_time() from None
        if status < 0:
            raise DecoderFailed(
                f"ffmpeg was killed by {signal.Signals(-status).name}; the segment is tried again."
            )
        if status and any(sign in self.log for sign in _MEMORY_SIGNS):
            raise DecoderFailed(
                "ffmpeg needs more memory than it may take; raise NIGHTREEL_DECODER_MEMORY_MB."
            )
        if status and any(sign in self.log for sign in _MISUSE_SIGNS):
            raise DecoderFailed("This ffmpeg does not know the options used; install a newer one.")
        return status

    @property
    def has_opened(self) -> bool:
        """Whether it understood the file well enough to choose a stream."""
        return "Stream mapping:" in self.log

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

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _limit(self, decoder: Decoder) -> None:
        """Bound what it may take, from outside: code run between fork and exec can deadlock."""
        limits = {
            resource.RLIMIT_AS: decoder.memory_mb << 20,
            resource.RLIMIT_CPU: int(_MOST_CORES * self._patience) + 1,
            resource.RLIMIT_FSIZE: 0,
            resource.RLIMIT_CORE: 0,
        }
        try:
            for kind, limit in limits.items():
                _, highest = resource.prlimit(self._process.pid, kind)
                limit = limit if highest == resource.RLIM_INFINITY else min(limit, highest)
                resource.prlimit(self._process.pid, kind, (limit, limit))
        except ProcessLookupError:
            pass  # it has ended already
        except OSError as error:
            self.close()
            raise DecoderFailed(f"ffmpeg cannot be limited: {error.strerror}.") from None

    def _read(self, buffer: memoryview) -> int:
        while self._stdout not in self._wait(self._stdout):
            pass
        return os.readv(self._stdout, [buffer])

    def _wait(self, *wanted: int) -> set[int]:
        """Wait for any pipe, empty those beside stdout, and say which are readable."""
        poll = select.poll()
        for pipe in (*self._drains, *wanted):
            poll.register(pipe, select.POLLIN)
        begun = time.monotonic()
        ready = {pipe for pipe, _ in poll.poll(max(self._patience, 0) * 1000)}
        self._patience -= time.monotonic() - begun
        if not ready:
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
        return DecoderFailed("ffmpeg took too long and was stopped; the segment is tried again.")


def _start(arguments: list[str], side: int) -> "subprocess.Popen[bytes]":
    try:
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(side,),
            env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
            start_new_session=True,
        )
    except OSError as error:
        raise DecoderFailed(f"ffmpeg cannot be started: {error.strerror}.") from None
    assert process.stdout is not None
    with contextlib.suppress(OSError):  # the user's share of pipe memory may be used up
        fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    return process
