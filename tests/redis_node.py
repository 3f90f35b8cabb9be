"""A Redis configured like the embedded one, except for the port."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from waiting import wait_until

from worker.ports import LOOPBACK, free_port
from worker.redis_server import answers, redis_configuration
from worker.redis_versions import find_redis_server


@contextmanager
def running_redis(folder: Path, host: str = LOOPBACK, program: str = "") -> Iterator[str]:
    """Yields its address; by default, the program is the one that Nightreel would run."""
    port = free_port()
    listening = f"bind {host}\nport {port}"
    (folder / "redis.conf").write_text(redis_configuration(".", "secret", listening))
    command = [program or find_redis_server().path, "redis.conf"]
    server = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    url = f"redis://:secret@{host}:{port}/0"
    try:
        wait_until(lambda: answers(url))
        yield url
    finally:
        server.terminate()
        server.wait()
