"""The embedded Redis: its configuration, its address, and whether it responds."""

from pathlib import Path
from typing import Any

import redis

SOCKET_SCHEME = "redis+socket://"
"""Scheme of the address of a Unix socket in Celery and Flower."""


def redis_configuration(folder: str, password: str, listening: str) -> str:
    """Configuration of a queue that loses the messages of a second or two if it is killed or the
    power fails, and seldom that many.

    `listening` is the result of `on_socket`. The append-only file contains plain commands: the
    default preamble is in a format that Redis and Valkey no longer share, and the next start may
    find another server.
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
    """Configuration lines to listen on a Unix socket and on no port."""
    return f"port 0\nunixsocket {socket}\nunixsocketperm 700"


def socket_url(socket: Path, password: str) -> str:
    """The address of a server on a Unix socket whose path needs no quoting.

    Only this user can reach the socket. It needs a password all the same: a decoder of hostile
    footage runs as this user, and a part of its sandbox may be missing on a machine.
    """
    return f"{SOCKET_SCHEME}:{password}@{socket}"


def redis_client(broker_url: str, **options: Any) -> redis.Redis:
    """A client for a Redis at Celery's form of the address; redis-py writes Unix sockets
    differently. `options` are those of `redis.Redis`."""
    url = broker_url.replace(SOCKET_SCHEME, "unix://", 1)
    return redis.Redis.from_url(url, **options)


def answers(broker_url: str) -> bool:
    """Whether Redis accepts commands: it listens, accepts the password and has loaded its file."""
    client = redis_client(broker_url, socket_connect_timeout=1, socket_timeout=1, retry=None)
    try:
        return bool(client.ping())
    except (redis.ConnectionError, redis.TimeoutError):
        return False
    finally:
        client.close()
