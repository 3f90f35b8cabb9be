"""One real stack for a whole module."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from stack_helpers import client_of, settings_for
from waiting import wait_until

from worker.redis_server import redis_client
from worker.stack import Stack


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """One stack for a whole module, of all services: `stack`, `home`, `client`, `redis`."""
    home = tmp_path_factory.mktemp("stack") / "a home; with % and # in its 'name'"
    watched = {"watch_folder": str(tmp_path_factory.mktemp("in")), "settle_seconds": 1}
    with Stack(settings_for(home, engine="stub", **watched)) as stack:
        assert stack.info is not None
        connection = redis_client(stack.info.broker_url)
        client = client_of(stack.info.broker_url)
        wait_until(lambda: client.control.ping(timeout=0.5))
        yield SimpleNamespace(stack=stack, home=home, client=client, redis=connection)
        client.close()
        connection.close()
