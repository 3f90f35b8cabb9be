"""Separate networks for processes of this machine, joined by one bridge."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest


@contextmanager
def networks(number: int) -> Iterator[tuple[str, list[tuple[str, ...]]]]:
    """Yields this machine's address on the bridge, and what starts a program in each network.

    Skips where that needs rights or a program that are not here, and fails there in CI only when
    both are.
    """
    if os.geteuid() or not shutil.which("ip"):
        pytest.skip("networks of their own need root and iproute2")
    name, subnet = f"nr{os.getpid()}", f"10.213.{os.getpid() % 250}"
    with ExitStack() as undo:
        _make(undo, f"link add {name} type bridge", f"link del {name}")
        _ip(f"address add {subnet}.1/24 dev {name}")
        _ip(f"link set {name} up")
        starts = [_join(undo, name, subnet, host) for host in range(2, number + 2)]
        yield f"{subnet}.1", starts


def _join(undo: ExitStack, bridge: str, subnet: str, host: int) -> tuple[str, ...]:
    space = f"{bridge}-{host}"
    _make(undo, f"netns add {space}", f"netns del {space}")
    _ip(f"link add {space}o type veth peer name {space}i netns {space}")
    _ip(f"link set {space}o master {bridge} up")
    _ip(f"-n {space} address add {subnet}.{host}/24 dev {space}i")
    _ip(f"-n {space} link set {space}i up")
    _ip(f"-n {space} link set lo up")
    return ("ip", "netns", "exec", space)


def _make(undo: ExitStack, make: str, unmake: str) -> None:
    done = _ip(make, check=False)
    if done.returncode and "CI" not in os.environ:
        pytest.skip(f"no network of its own can be made here: {done.stderr.strip()}")
    done.check_returncode()
    undo.callback(_ip, unmake, check=False)


def _ip(words: str, *, check: bool = True) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["ip", *words.split()], check=check, capture_output=True, text=True)
