"""Commands that need not import everything first: imports take most of a short command."""

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO

SERVER = Path(__file__).with_name("warm_server.py")


def run_warm(arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str, str]:
    """Run a command in a process forked from one that has imported it; returns its exit code,
    output and errors."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        code = _run(_request(arguments, environment), out, err)
        return code, _written(out), _written(err)


def _request(arguments: Sequence[str], environment: Mapping[str, str]) -> bytes:
    about = {"arguments": arguments, "environment": dict(environment), "folder": str(Path.cwd())}
    return json.dumps(about).encode()


def _run(request: bytes, out: IO[str], err: IO[str]) -> int:
    reads, writes = os.pipe()
    with os.fdopen(reads) as told:
        socket.send_fds(_server(), [request], [out.fileno(), err.fileno(), writes])
        os.close(writes)
        command = int(told.readline())
        try:
            return int(told.readline())
        except BaseException:
            with suppress(ProcessLookupError):
                os.kill(command, signal.SIGKILL)
            raise


def _written(file: IO[str]) -> str:
    file.seek(0)
    return file.read()


@cache
def _server() -> socket.socket:
    ours, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
    with theirs:
        server = subprocess.Popen(
            # Otherwise commands of background test runs would inherit that Ctrl-C is ignored.
            ["env", "--default-signal=INT", sys.executable, "-P", SERVER, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
    atexit.register(lambda: (ours.close(), server.wait()))
    return ours
