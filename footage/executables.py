"""Which ffmpegs this computer has, and which of them is used."""

import contextlib
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg

from errors import StackTrouble, WrongUsage

MINIMUM_VERSION = (6, 0)
"""The first that reads an open file, by the protocol `fd`."""


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

    Raises WrongUsage when `preferred` is no ffmpeg of version 6.0 or later, StackTrouble when
    there is none at all.
    """
    found = [Found(preferred, _version(preferred), "system")] if preferred else find_ffmpegs()
    usable = [each for each in found if each.number >= MINIMUM_VERSION]
    if usable:
        return max(usable, key=lambda each: (each.number, each.origin == "system")).path
    if preferred:
        raise WrongUsage(f"{preferred} is not an ffmpeg of version 6.0 or later; name another.")
    raise StackTrouble("No ffmpeg 6.0 or later found; install one.")


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
