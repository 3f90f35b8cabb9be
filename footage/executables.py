"""Finds the ffmpegs on this machine and chooses one."""

import contextlib
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg

from errors import StackTrouble, WrongUsage

MINIMUM_VERSION = (6, 0)
"""The first version that reads an open file, by the protocol `fd`."""


@dataclass(frozen=True, slots=True)
class Found:
    """An ffmpeg on this machine."""

    path: str
    version: str
    """As it reports it, e.g. `5.1.9-0+deb12u1` or `n9.0.2-17-g2a571b6068`."""
    origin: str
    """`system` or `imageio-ffmpeg`."""

    @property
    def number(self) -> tuple[int, int]:
        """Major and minor version; (0, 0) for a build that does not report one."""
        number = re.match(r"n?(\d+)\.(\d+)", self.version)
        return (int(number[1]), int(number[2])) if number else (0, 0)


def find_ffmpegs() -> list[Found]:
    """Every ffmpeg on the path, then the one that imageio-ffmpeg ships."""
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
    """Path of the ffmpeg to use: `preferred`, or the newest, of equals the system's.

    Raises WrongUsage if `preferred` is not an ffmpeg of version 6.0 or later, StackTrouble if no
    such ffmpeg is installed.
    """
    present = [Found(preferred, _version(preferred), "system")] if preferred else find_ffmpegs()
    usable = [program for program in present if program.number >= MINIMUM_VERSION]
    if usable:
        return max(usable, key=lambda program: (program.number, program.origin == "system")).path
    if preferred:
        raise WrongUsage(f"{preferred} is not an ffmpeg of version 6.0 or later; name another.")
    raise StackTrouble("No ffmpeg 6.0 or later found; install one.")


def _version(path: str) -> str:
    """The version that an executable reports; empty if it is not an ffmpeg."""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        answer = subprocess.run(
            [path, "-nostdin", "-version"],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False,
        )  # fmt: skip
        version = re.match(rb"ffmpeg version (\S+)", answer.stdout)
        return version[1].decode(errors="replace") if version else ""
    return ""
