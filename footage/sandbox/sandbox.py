"""The sandbox around the ffmpeg child: what this machine allows, and how a child starts in it.

A child gets the footage as its standard input and nothing else to read, so the sandbox need not
know which file it is.
"""

import contextlib
import gc
import os
import re
import resource
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

from errors import StackTrouble
from footage.sandbox.confine import open_no_socket, see_only

Setting: TypeAlias = Literal["auto", "require", "off"]
Limits: TypeAlias = Mapping[str, int]
"""By the names of prlimit(1): `as` in bytes, `cpu` in seconds, ..."""

STARTERS = ("setpriv: ", "unshare: ", "bwrap: ", "prlimit: ")
"""Beginnings of log lines that explain why the child could not be started in its sandbox."""

_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH")
"""The variables that a child inherits: no passwords, none that changes ffmpeg's output."""
_PROGRAMS = (
    "/bin", "/lib", "/lib64", "/usr/bin", "/usr/lib", "/usr/lib64", "/usr/local/lib",
    "/etc/ld.so.cache",
)  # fmt: skip
_NOBODY = 65534
_SIGNALLED = 128
_UNSHARE_GIVES_UP, _LAST_WORDS = "unshare: sigprocmask unblock failed", 200
_ALWAYS = {"fsize": 0, "core": 0, "nofile": 64}
_MOST_PROCESSES = 64
_COUNTED_BY_NAMESPACE = (5, 14)
"""First kernel that counts processes per user namespace; before, all of a user's processes
count."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Which parts of the sandbox are active; the limits always are."""

    unprivileged: bool = False
    """We are root, and the child runs as user nobody."""
    bubblewrap: bool = False
    """It sees a file system with only ffmpeg and its libraries, no network and no process."""
    namespaces: bool = False
    """It sees no network and no process, and has no privileges."""
    landlock: bool = False
    """It can open ffmpeg and its libraries for reading, and no other file."""
    no_sockets: bool = False
    """It can open no socket."""

    @property
    def enclosed(self) -> bool:
        """Whether the child is in its own namespaces."""
        return self.bubblewrap or self.namespaces

    @property
    def closed(self) -> bool:
        """Whether the child can reach no network and no other file."""
        return self.bubblewrap or (self.landlock and (self.namespaces or self.no_sockets))


NO_WALLS = Sandbox()


def choose_walls(setting: Setting, executable: str) -> Sandbox:
    """The sandbox for children of this ffmpeg.

    Raises StackTrouble if the setting is `require` and the machine allows no namespaces.
    """
    sandbox = NO_WALLS if setting == "off" else standing(executable)
    if setting == "require" and not sandbox.enclosed:
        raise StackTrouble(
            "The decoder cannot be sandboxed on this machine, and NIGHTREEL_SANDBOX=require "
            "demands it; install bubblewrap or allow user namespaces."
        )
    return sandbox


@cache
def standing(executable: str) -> Sandbox:
    """The strongest sandbox in which this ffmpeg still starts, tried once per process."""
    wished = Sandbox(unprivileged=os.geteuid() == 0)
    bubblewrap = replace(wished, bubblewrap=shutil.which("bwrap") is not None)
    own = replace(wished, namespaces=True, landlock=True, no_sockets=True)
    for sandbox in (bubblewrap, own):
        if sandbox.enclosed and starts(executable, sandbox):
            return sandbox
    sandbox = NO_WALLS
    for name in ("unprivileged", "namespaces", "landlock", "no_sockets"):
        more = replace(sandbox, **{name: True})
        if (name != "unprivileged" or wished.unprivileged) and starts(executable, more):
            sandbox = more
    return sandbox


def start(
    arguments: list[str],
    sandbox: Sandbox,
    limits: Limits,
    *,
    stdin: int,
    passed: tuple[int, ...] = (),
    starter: ThreadPoolExecutor | None = None,
) -> "subprocess.Popen[bytes]":
    """Start a program in the sandbox, in its own session; it dies with this process.

    `stdin` is the descriptor that it reads, `passed` are further descriptors that it keeps,
    `starter` is a thread from `shut_in` to use instead of the shared one. Raises OSError.
    """
    command = [*_around(arguments[0], sandbox), *_limiting(sandbox, limits), *arguments]
    nobody = _NOBODY if sandbox.unprivileged else None

    def begin() -> "subprocess.Popen[bytes]":
        with without_collections():
            return subprocess.Popen(
                command,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=passed,
                env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
                start_new_session=True,
                user=nobody,
                group=nobody,
                extra_groups=None if nobody is None else (),
            )

    starter = starter or _starter(arguments[0], sandbox, os.getpid())
    return starter.submit(begin).result()


def shut_in(executable: str, sandbox: Sandbox) -> ThreadPoolExecutor:
    """A new thread under those parts of the sandbox that children inherit.

    It must outlive its children: a child is killed when the thread that started it ends.
    Raises OSError.
    """
    starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ffmpeg")
    if sandbox.landlock:
        starter.submit(see_only, _visible(executable)).result()
    if sandbox.no_sockets:
        starter.submit(open_no_socket).result()
    return starter


def starts(executable: str, sandbox: Sandbox, starter: ThreadPoolExecutor | None = None) -> bool:
    """Whether this ffmpeg starts in this sandbox; `starter` as in `start`."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    try:
        child = start([executable, "-version"], sandbox, {}, stdin=nothing, starter=starter)
        output, _ = child.communicate(timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return False
    finally:
        os.close(nothing)
    return child.returncode == 0 and output.startswith(b"ffmpeg version")


@contextlib.contextmanager
def without_collections() -> Iterator[None]:
    """Disable garbage collection: objects finalised in a sandboxed thread could not remove their
    files."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def own_status(status: int, sandbox: Sandbox, log: str) -> int:
    """The exit status of the child itself, from that of the program around it.

    It is minus the signal if one killed the child. bubblewrap adds 128 to the signal; unshare dies
    by the same signal, except SIGKILL: util-linux before 2.39 fails to, and logs that.
    """
    if sandbox.bubblewrap and _SIGNALLED < status <= _SIGNALLED + signal.SIGSYS:
        return _SIGNALLED - status
    if sandbox.namespaces and _UNSHARE_GIVES_UP in log[-_LAST_WORDS:]:
        return -signal.SIGKILL
    return status


def _around(executable: str, sandbox: Sandbox) -> list[str]:
    if sandbox.bubblewrap:
        visible = [part for path in _visible(executable) for part in ("--ro-bind-try", path, path)]
        return ["bwrap", "--unshare-all", "--die-with-parent", "--cap-drop", "ALL", *visible, "--"]
    begun = ["setpriv", "--pdeathsig", "KILL", "--"]
    if sandbox.namespaces:
        apart = ("--user", "--net", "--pid", "--ipc", "--uts", "--cgroup")
        begun += ["unshare", *apart, "--fork", "--kill-child", "--"]
    return begun


def _limiting(sandbox: Sandbox, limits: Limits) -> list[str]:
    """Limits are set inside, after the fork into the namespace, so that they count there."""
    wished = {**_ALWAYS, **limits}
    if sandbox.enclosed and _kernel() >= _COUNTED_BY_NAMESPACE:
        wished["nproc"] = _MOST_PROCESSES
    return ["prlimit", *(f"--{name}={_allowed(name, most)}" for name, most in wished.items()), "--"]


def _allowed(name: str, most: int) -> int:
    _, highest = resource.getrlimit(getattr(resource, f"RLIMIT_{name.upper()}"))
    return most if highest == resource.RLIM_INFINITY else min(most, highest)


def _visible(executable: str) -> tuple[str, ...]:
    own = Path(executable).resolve()
    libraries = os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)
    return (*_PROGRAMS, str(own.parent.parent / "lib"), *filter(None, libraries), executable)


@cache
def _starter(executable: str, sandbox: Sandbox, _process: int) -> ThreadPoolExecutor:
    """The thread that starts all children with one executable and sandbox, until the process
    ends."""
    return shut_in(executable, sandbox)


def _kernel() -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", os.uname().release)[:2]))
