"""What `doctor` says of the queue's server."""

from pathlib import Path

import pytest
from command_line import Nightreel
from redis_node import running_redis

from worker.redis_versions import ServerProgram, find_redis_server, find_redis_servers


def queue(nightreel: Nightreel) -> dict[tuple[str, bool], str]:
    """What was found, by what it is and whether it is well."""
    found = nightreel("doctor", "--json").document
    wanted = ("queue server", "broker")
    return {(one["what"], one["well"]): one["detail"] for one in found if one["what"] in wanted}


def test_the_embedded_server_is_named_with_its_version(nightreel: Nightreel) -> None:
    server = find_redis_server()
    assert queue(nightreel) == {("queue server", True): f"{server.version}: {server.path}"}


@pytest.mark.parametrize("server", find_redis_servers(), ids=lambda one: str(one.version))
def test_the_version_of_another_redis_is_said_and_whether_it_has_holes(
    nightreel: Nightreel, tmp_path: Path, server: ServerProgram
) -> None:
    with running_redis(tmp_path, program=server.path) as url:
        found = queue(nightreel.with_settings(broker_url=url))
    assert found["broker", True] == f"{url.replace('secret', '**')}, {server.version}"
    assert found.get(("queue server", False)) == server.version.warning
