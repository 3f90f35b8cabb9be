"""A Redis configured as the embedded one is."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from waiting import wait_until

from worker.ports import LOOPBACK, free_port
from worker.redis_server import answers, find_redis_server, redis_configuration


@contextmanager
def running_redis(folder: Path, host: str = LOOPBACK) -> Iterator[str]:
    """Yields its address."""
    port = free_port()
    (folder / "redis.conf").write_text(redis_configuration(".", port, "secret"))
    command = [find_redis_server(), "redis.conf", "--bind", host]
    server = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    url = f"redis://:secret@{host}:{port}/0"
    try:
        wait_until(lambda: answers(url))
        yield url
    finally:
        server.terminate()
        server.wait()
