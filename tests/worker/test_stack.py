"""The embedded services while they run."""

import base64
import json
import re
import socket
import urllib.error
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import redis
from painted import RED, Stay, paint
from stack_helpers import settings_for
from waiting import wait_until

from errors import StackTrouble
from storage.database.database import connect, reading
from storage.jobs import refusals
from storage.jobs.listing import all_analyses
from storage.jobs.progress import progress
from storage.tables import State
from worker.bound import holder
from worker.folders import Folders
from worker.stack import Stack
from worker.stack_info import PROGRAMS, running, services_alive


def answer_of(
    url: str, *, user: str = "", password: str = "", method: str = "GET"
) -> tuple[int, str]:
    """The HTTP status and the body of one request."""
    request = urllib.request.Request(url, method=method)
    if user:
        secret = base64.b64encode(f"{user}:{password}".encode()).decode()
        request.add_header("Authorization", f"Basic {secret}")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status), answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, ""


def status_of(url: str, **how: str) -> int:
    """The HTTP status of one request."""
    return answer_of(url, **how)[0]


def process_of(home: Path, service: str) -> psutil.Process:
    """The process of one service."""
    found = holder(Folders.of(home).lock(service))
    assert found is not None
    return psutil.Process(found)


def listening(port: int) -> bool:
    """Whether somebody takes connections on a loopback port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_task_that_is_sent_is_done(live: SimpleNamespace) -> None:
    live.client.send_task("celery.accumulate", [1, 2])

    def done() -> bool:
        totals = (live.client.control.inspect(timeout=0.5).stats() or {}).values()
        return any(each["total"].get("celery.accumulate") for each in totals)

    wait_until(done)
    wait_until(lambda: live.redis.hlen("nightreel:unacked") == 0)


def test_every_service_is_reported_alive(live: SimpleNamespace) -> None:
    assert services_alive(live.home) == dict.fromkeys(PROGRAMS, True)


def test_another_process_finds_the_running_stack(live: SimpleNamespace) -> None:
    assert running(live.home) == live.stack.info


def test_an_empty_home_has_no_running_stack(tmp_path: Path) -> None:
    assert running(tmp_path) is None


def test_redis_refuses_whoever_has_no_password(live: SimpleNamespace) -> None:
    path = live.redis.connection_pool.connection_kwargs["path"]
    with (
        redis.Redis(unix_socket_path=path, retry=None) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()


def test_redis_listens_on_no_port_and_only_the_owner_reaches_its_socket(
    live: SimpleNamespace,
) -> None:
    server, path = process_of(live.home, "redis"), live.redis.connection_pool.connection_kwargs
    assert server.net_connections("inet") == []
    socket_file = Path(path["path"])
    assert socket_file.stat().st_mode & 0o777 == 0o700
    assert socket_file.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("appendonly", "yes"),
        ("appendfsync", "everysec"),
        ("maxmemory-policy", "noeviction"),
        ("port", "0"),
    ],
)
def test_redis_is_configured_as_a_queue(live: SimpleNamespace, name: str, value: str) -> None:
    assert live.redis.config_get(name) == {name: value}


def test_flower_shows_its_page_to_who_has_the_password_only(live: SimpleNamespace) -> None:
    info = live.stack.info
    wait_until(lambda: listening(live.stack.settings.flower_port))
    known = {"user": info.flower_user, "password": info.flower_password}
    assert status_of(f"{info.flower_url}/workers") == 401
    assert status_of(f"{info.flower_url}/workers", user=info.flower_user, password="guess") == 401
    assert status_of(f"{info.flower_url}/workers", **known) == 200


def test_flower_shows_how_long_the_queues_are(live: SimpleNamespace) -> None:
    info = live.stack.info
    wait_until(lambda: listening(live.stack.settings.flower_port))
    known = {"user": info.flower_user, "password": info.flower_password}

    def shown() -> bool:
        _, page = answer_of(f"{info.flower_url}/broker", **known)
        return bool(re.search(r"<td>upkeep</td>\s*<td[^>]*>\D*\d", page))

    wait_until(shown)


@pytest.mark.parametrize(
    "action",
    ["worker/shutdown/any", "task/send-task/celery.accumulate", "worker/pool/grow/any"],
)
def test_flower_changes_nothing(live: SimpleNamespace, action: str) -> None:
    info = live.stack.info
    wait_until(lambda: listening(live.stack.settings.flower_port))
    known = {"user": info.flower_user, "password": info.flower_password}
    assert status_of(f"{info.flower_url}/api/{action}", method="POST") == 401
    assert status_of(f"{info.flower_url}/api/{action}", method="POST", **known) == 403


def test_only_the_owner_can_read_what_the_stack_wrote(live: SimpleNamespace) -> None:
    written = [live.home, *live.home.glob("run"), *live.home.glob("run/*"), *live.home.glob("logs")]
    assert len(written) > 8
    assert [path for path in written if path.stat().st_mode & 0o077] == []


def test_no_password_is_on_a_command_line(live: SimpleNamespace) -> None:
    passwords = [
        live.stack.info.flower_password,
        live.redis.connection_pool.connection_kwargs["password"],
    ]
    services = [process_of(live.home, name) for name in PROGRAMS]
    lines = [" ".join(each.cmdline()) for each in psutil.Process().children(recursive=True)]
    assert len(lines) > len(services)
    assert not [line for line in lines for password in passwords if password in line]


def test_each_worker_process_computes_in_one_thread(live: SimpleNamespace) -> None:
    children = process_of(live.home, "worker").children()
    variables = [each.environ().get("OMP_NUM_THREADS") for each in children]
    assert "1" in variables


def torch_in(process: psutil.Process) -> list[str]:
    """The files of torch that a process has loaded."""
    files = {Path(each.path).name for each in process.memory_maps()}
    return [name for name in files if "torch" in name]


@pytest.mark.parametrize("service", ["worker", "beat", "intake", "flower", "web"])
def test_torch_is_not_loaded_where_nothing_is_computed(live: SimpleNamespace, service: str) -> None:
    assert torch_in(process_of(live.home, service)) == []


def test_the_worker_logs_json_lines(live: SimpleNamespace) -> None:
    log = live.home / "logs" / "worker.log"
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    assert {"event", "level", "timestamp", "logger"} <= lines[0].keys()


def test_a_second_stack_in_the_same_home_is_refused(live: SimpleNamespace) -> None:
    with pytest.raises(StackTrouble, match="is already running"):
        Stack(settings_for(live.home)).start()
    assert running(live.home) == live.stack.info


def test_a_taken_port_is_refused_before_anything_is_started(
    live: SimpleNamespace, tmp_path: Path
) -> None:
    wait_until(lambda: listening(live.stack.settings.flower_port))
    other = Stack(settings_for(tmp_path, flower_port=live.stack.settings.flower_port))
    with pytest.raises(StackTrouble, match="NIGHTREEL_FLOWER_PORT"):
        other.start()
    assert running(tmp_path) is None
    assert not any(services_alive(tmp_path).values())
    assert list((tmp_path / "logs").iterdir()) == []


def test_a_service_that_is_killed_is_started_again(live: SimpleNamespace) -> None:
    killed = process_of(live.home, "beat")
    lock = Folders.of(live.home).lock("beat")

    killed.kill()

    wait_until(lambda: holder(lock) not in (None, killed.pid))


def test_the_ledger_is_tended_though_nobody_asks(live: SimpleNamespace) -> None:
    def tended() -> bool:
        totals = (live.client.control.inspect(timeout=0.5).stats() or {}).values()
        return any(each["total"].get("tasks.upkeep.tend_ledger") for each in totals)

    wait_until(tended)


def test_what_is_put_into_the_watched_folder_is_watched_though_nobody_asks(
    live: SimpleNamespace,
) -> None:
    folder = Path(live.stack.settings.watch_folder)
    paint(folder / ".gate.mp4", 3, Stay(RED, 1, 2)).rename(folder / "gate.mp4")
    (folder / "secret name.txt").write_text("no video at all\n" * 100)
    database = connect(live.stack.settings.effective_database_url)

    def refused_and_watched() -> bool:
        with reading(database) as session:
            far = progress(session, all_analyses(session))
            return refusals.count(session) == 1 and [one.state for one in far] == [State.DONE]

    wait_until(refused_and_watched)
    database.dispose()
    log = (live.home / "logs" / "intake.log").read_text()
    assert "recording 1 was taken in" in log
    assert not [name for name in ("gate", "secret") if name in log]


def test_a_small_archive_is_compared_without_torch(live: SimpleNamespace) -> None:
    """The process is the one that matched the recording of the test before."""
    children = process_of(live.home, "worker").children()
    assert children
    assert [name for child in children for name in torch_in(child)] == []
