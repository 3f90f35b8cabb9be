"""Whether a Redis that is the broker is set up to keep messages."""

from collections.abc import Iterator
from contextlib import contextmanager

import redis

from worker.broker import CONNECT_SECONDS, is_rabbitmq, reach

SAFE_POLICY = "noeviction"


def unsafe_settings(broker_url: str) -> Iterator[str]:
    """What in a Redis's own settings may lose messages, and what to do; a sentence each.

    RabbitMQ keeps durable queues whatever its settings are. Raises BrokerUnavailable.
    """
    if is_rabbitmq(broker_url):
        return
    reach(broker_url)
    with _client(broker_url) as client:
        try:
            (policy,) = client.config_get("maxmemory-policy").values()
            (append_only,) = client.config_get("appendonly").values()
        except redis.ResponseError:
            yield "Redis does not say how it is set up (CONFIG GET is refused); see the manual."
            return
    if policy != SAFE_POLICY:
        yield (
            f"maxmemory-policy is {policy}: a full Redis would throw the queue away; "
            f"set it to {SAFE_POLICY}."
        )
    if append_only != "yes":
        yield "appendonly is off: a Redis that is killed forgets its messages; set it to yes."


@contextmanager
def _client(broker_url: str) -> Iterator[redis.Redis]:
    client = redis.Redis.from_url(
        broker_url,
        decode_responses=True,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=CONNECT_SECONDS,
    )
    try:
        yield client
    finally:
        client.close()
