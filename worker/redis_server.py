"""The embedded Redis: how it is configured, how it is reached, whether it answers."""

from pathlib import Path
from typing import Any

import redis

SOCKET_SCHEME = "redis+socket://"
"""As Celery and Flower write the address of a Unix socket."""


def redis_configuration(folder: str, password: str, listening: str) -> str:
    """A queue that loses a second or two when it is killed or the power goes, and seldom that.

    `listening` is what `on_socket` gives. The file is kept as plain commands: the preamble that is
    the default is in a format that Redis and Valkey no longer share, and another server may be
    found at the next start.
    """
    return f"""\
{listening}
requirepass {password}
dir {folder}
appendonly yes
appendfsync everysec
aof-use-rdb-preamble no
save ""
maxmemory-policy noeviction
"""


def on_socket(socket: Path) -> str:
    """The configuration to listen on a Unix socket and on no port."""
    return f"port 0\nunixsocket {socket}\nunixsocketperm 700"


def socket_url(socket: Path, password: str) -> str:
    """The address of a server on a Unix socket, whose path needs no quoting.

    Only this user reaches the socket. The password stands before it all the same: a decoder of
    hostile footage runs as this user, and one of its sandbox may be missing on a machine.
    """
    return f"{SOCKET_SCHEME}:{password}@{socket}"


def redis_client(broker_url: str, **options: Any) -> redis.Redis:
    """A client of a Redis by Celery's address of it; redis-py writes Unix sockets otherwise."""
    url = broker_url.replace(SOCKET_SCHEME, "unix://", 1)
    return redis.Redis.from_url(url, **options)


def answers(broker_url: str) -> bool:
    """Whether Redis takes commands: it listens, knows the password and has read its file."""
    client = redis_client(broker_url, socket_connect_timeout=1, socket_timeout=1, retry=None)
    try:
        return bool(client.ping())
    except (redis.ConnectionError, redis.TimeoutError):
        return False
    finally:
        client.close()
