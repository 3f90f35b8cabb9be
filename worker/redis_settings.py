"""Asks a Redis broker for its version, and whether its settings keep messages safe."""

from collections.abc import Iterator
from contextlib import contextmanager

import redis

from worker.broker import CONNECT_SECONDS, is_rabbitmq, reach
from worker.redis_server import redis_client
from worker.redis_versions import ServerVersion, version_of

SAFE_POLICY = "noeviction"


def unsafe_settings(broker_url: str) -> Iterator[str]:
    """Settings of a Redis that may lose messages, and what to do; one sentence each.

    RabbitMQ keeps durable queues with any settings. Raises BrokerUnavailable.
    """
    if is_rabbitmq(broker_url):
        return
    reach(broker_url)
    with _client(broker_url) as client:
        try:
            (policy,) = client.config_get("maxmemory-policy").values()
            (append_only,) = client.config_get("appendonly").values()
        except redis.ResponseError:
            yield "Redis does not report its settings (CONFIG GET is refused); see the manual."
            return
    if policy != SAFE_POLICY:
        yield (
            f"maxmemory-policy is {policy}: a full Redis would discard the queue; "
            f"set it to {SAFE_POLICY}."
        )
    if append_only != "yes":
        yield "appendonly is off: a Redis that is killed loses its messages; set it to yes."


def running_version(broker_url: str) -> ServerVersion | None:
    """The version of the running server; None if it does not report one, and for RabbitMQ.

    Raises BrokerUnavailable.
    """
    if is_rabbitmq(broker_url):
        return None
    reach(broker_url)
    with _client(broker_url) as client:
        try:
            info = client.info("server")
        except redis.ResponseError:
            return None
    if "valkey_version" in info:  # Valkey's redis_version is the one it is compatible with
        return version_of("Valkey", info["valkey_version"])
    return version_of("Redis", info["redis_version"])


@contextmanager
def _client(broker_url: str) -> Iterator[redis.Redis]:
    client = redis_client(
        broker_url,
        decode_responses=True,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=CONNECT_SECONDS,
    )
    try:
        yield client
    finally:
        client.close()
