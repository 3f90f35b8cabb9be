"""The Compose stack, built and run: what docs/operator.md tells an operator to do, then faults.

The tests run in their order, each on what the previous ones left. They need minutes and root, so
the name of this file keeps them out of `make test`; `make compose-test` runs them.
"""

import base64
import io
import json
import os
import shutil
import signal
import tarfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError

import pytest
from docker_daemon import Docker
from playwright.sync_api import Page, expect, sync_playwright
from stack import PASSWORDS, PROJECT, ROOT, Stack, wait_until

from storage.files.objects import Account, Bucket

pytestmark = pytest.mark.timeout(3600)
Times = list[tuple[str, float]]
CASE = "2026-117"
PERSON = "A. Person"
IMPORT_ALL = """
import importlib, pkgutil, sys, torch
for package in sys.argv[2:]:
    for found in pkgutil.walk_packages(importlib.import_module(package).__path__, package + "."):
        if not found.name.endswith("__main__") and ".migrations." not in found.name:
            importlib.import_module(found.name)
assert torch.__version__.partition("+")[0] == sys.argv[1], torch.__version__
"""
LIST_DUMP = """
exec "$(find / -name pg_restore -type f 2>/dev/null | head -n 1)" --list /tmp/backup/*.dump
"""


def test_the_image_holds_every_module_and_the_pinned_torch(docker: Docker, image: str) -> None:
    packages = [file.parent.name for file in ROOT.glob("*/__init__.py")]
    (pinned,) = [
        line.partition("==")[2]
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if line.startswith("torch==")
    ]
    docker.run("run", "--rm", image, "python", "-W", "ignore", "-c", IMPORT_ALL, pinned, *packages)


def test_every_service_becomes_healthy(stack: Stack, times: Times) -> None:
    times.append(("from `up` to all healthy", stack.wait_until_healthy()))
    assert not [one["Name"] for one in stack.containers() if one["RestartCount"]]


def test_every_volume_has_a_name_and_every_service_limits(stack: Stack) -> None:
    for container in stack.containers():
        names = [one["Name"] for one in container["Mounts"] if one["Type"] == "volume"]
        assert all(name.startswith(PROJECT) for name in names), container["Name"]
        assert container["HostConfig"]["Memory"] > 0
        assert container["HostConfig"]["LogConfig"]["Config"]["max-size"]


def test_the_home_folder_is_its_owners_alone(stack: Stack) -> None:
    assert stack.compose("exec", "-T", "web", "stat", "-c", "%a", ".").strip() == b"700"


def test_the_first_account_is_made_as_the_page_says_and_logs_in(stack: Stack) -> None:
    command = "nightreel account add NAME --role operator"
    address = f"http://127.0.0.1:{stack.ports['NIGHTREEL_WEB_PORT']}"
    assert command in _fetch(f"{address}/login")
    assert command in stack.compose("logs", "web").decode()
    words = command.replace("NAME", "admin").split()
    made = json.loads(stack.compose("exec", "-T", "web", *words, "--json"))
    with _chromium() as page:
        page.goto(f"{address}/login")
        page.get_by_label("Account").fill(made["name"])
        page.get_by_label("Password").fill(made["password"])
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("heading", name="Choose a password")).to_be_visible()


def test_footage_of_the_folder_is_searched_for_a_photo(stack: Stack, times: Times) -> None:
    stack.nightreel("case", "open", CASE, "--legal-basis", "demonstration", "--purpose", "a test",
                    "--requested-by", "the test", "--source", "added",
                    "--from", "2020-01-01", "--to", "2040-01-01")  # fmt: skip
    photo = ROOT / "demo/faces/astronaut.jpg"
    stack.compose("exec", "-T", "worker", "tar", "-x", "-C", "/tmp", stdin=_packed(photo))
    stack.nightreel("enrol", PERSON, f"/tmp/{photo.name}", "--case", CASE)
    start = time.monotonic()
    stack.nightreel("ingest", "/footage", "--case", CASE, "--wait")
    times.append(("a minute of footage, `ingest --wait`", time.monotonic() - start))
    assert len(_candidates(stack)["film.mp4"]) >= 3


def test_footage_of_the_bucket_gives_the_same(stack: Stack) -> None:
    _bucket(stack).put("night/bucket.mp4", _film(stack, 0))
    stack.nightreel("ingest", "s3://footage/night/", "--case", CASE, "--wait")
    _assert_same_as_the_first(stack, "bucket.mp4")


def test_the_report_is_copied_out_and_opened(stack: Stack, tmp_path: Path) -> None:
    stack.nightreel("report", "--case", CASE, "-o", "/tmp/report")
    packed = stack.compose("exec", "-T", "worker", "tar", "-C", "/tmp", "-c", "report")
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(tmp_path, filter="data")
    with _chromium() as page:
        page.goto((tmp_path / "report/report.html").as_uri())
        expect(page.get_by_text(PERSON).first).to_be_visible()


def test_a_backup_is_made_and_its_database_can_be_read(stack: Stack) -> None:
    stack.nightreel("backup", "/tmp/backup")
    made = json.loads(stack.compose("exec", "-T", "worker", "cat", "/tmp/backup/manifest.json"))
    assert made["database"] == "postgresql"
    listed = stack.compose("exec", "-T", "worker", "sh", "-c", LIST_DUMP).decode()
    assert "TABLE DATA public recording" in listed


def test_flower_asks_for_its_password_and_shows_the_workers(stack: Stack) -> None:
    address = f"http://127.0.0.1:{stack.ports['NIGHTREEL_FLOWER_PORT']}/workers"
    with pytest.raises(HTTPError, match="401"):
        _fetch(address)
    shown = _fetch(address, f"nightreel:{PASSWORDS['FLOWER_PASSWORD']}")
    assert shown.count("celery@") >= 2


def test_the_monitor_says_that_all_is_well(stack: Stack) -> None:
    address = f"http://127.0.0.1:{stack.ports['NIGHTREEL_MONITOR_PORT']}"
    assert "nightreel_healthy 1.0" in _fetch(f"{address}/metrics")
    assert json.loads(_fetch(f"{address}/health"))


def kill_a_worker(stack: Stack) -> None:
    """Kill it as a machine without free memory would: Docker starts the container again."""
    os.kill(stack.containers("worker")[0]["State"]["Pid"], signal.SIGKILL)


def restart(service: str) -> Callable[[Stack], None]:
    """Stop a service and start it again."""
    return lambda stack: stack.compose("restart", service) and None


FAULTS = {
    "kill -9 of a worker": kill_a_worker,
    "restart of Redis": restart("redis"),
    "restart of PostgreSQL": restart("postgres"),
    "restart of SeaweedFS": restart("seaweedfs"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_is_lost_or_done_twice(stack: Stack, times: Times, fault: str) -> None:
    number = 1 + list(FAULTS).index(fault)
    _bucket(stack).put(f"fault{number}.mp4", _film(stack, number))
    stack.nightreel("ingest", f"s3://footage/fault{number}.mp4", "--case", CASE)
    wait_until(lambda: stack.sql("select count(*) from segment where state = 'running'") != "0")
    FAULTS[fault](stack)
    begin, done = time.monotonic(), _done(stack)
    wait_until(lambda: _done(stack) > done)
    times.append((f"{fault}: next segment done", time.monotonic() - begin))
    _wait_for_the_end(stack)
    times.append((f"{fault}: recording done", time.monotonic() - begin))
    _assert_same_as_the_first(stack, f"fault{number}.mp4")


def test_a_restart_of_everything_loses_nothing(stack: Stack, times: Times) -> None:
    before = _candidates(stack)
    stack.docker.run("restart", *(one["Id"] for one in stack.containers()))
    times.append(("restart of everything: all healthy", stack.wait_until_healthy()))
    assert _candidates(stack) == before


def test_down_and_up_loses_nothing(stack: Stack, times: Times) -> None:
    before = _candidates(stack)
    stack.compose("down")
    stack.up()
    times.append(("`down` and `up`: all healthy", stack.wait_until_healthy()))
    assert _candidates(stack) == before


def _assert_same_as_the_first(stack: Stack, recording: str) -> None:
    """Nothing is lost or duplicated: appearances, candidates, and every segment done."""
    found = _candidates(stack)
    assert found[recording] == found["film.mp4"]
    jobs = {one["name"]: one for one in stack.ask("jobs", "list")}
    seen = [(jobs[name]["faces"], jobs[name]["appearances"]) for name in (recording, "film.mp4")]
    assert seen[0] == seen[1]
    segments = stack.ask("jobs", "show", str(jobs[recording]["job"]))["segments"]
    assert {one["state"] for one in segments} == {"done"}
    assert max(one["attempts"] for one in segments) <= 2


def _candidates(stack: Stack) -> dict[str, list[tuple[object, ...]]]:
    """From, to and distance of the candidates of each recording."""
    found: dict[str, list[tuple[object, ...]]] = {}
    for one in stack.ask("candidates", "--case", CASE)["candidates"]:
        place = (one["start_ms"], one["end_ms"], round(one["distance"], 6))
        found.setdefault(one["recording"], []).append(place)
    return {name: sorted(places) for name, places in found.items()}


def _done(stack: Stack) -> int:
    return int(stack.sql("select count(*) from segment where state = 'done'"))


def _wait_for_the_end(stack: Stack) -> None:
    wait_until(lambda: stack.sql("select count(*) from analysis where state <> 'done'") == "0")


def _film(stack: Stack, number: int) -> bytes:
    """The folder's film with extra bytes appended, so that it is another recording."""
    box = b"\0\0\0\x10free" + number.to_bytes(8, "big")
    return (stack.footage / "film.mp4").read_bytes() + box


def _bucket(stack: Stack) -> Bucket:
    """The footage bucket, as this machine reaches it."""
    endpoint = f"http://127.0.0.1:{stack.ports['S3_PORT']}"
    account = Account(endpoint, "us-east-1", "nightreel", PASSWORDS["S3_PASSWORD"])
    return Bucket(account, "footage")


@contextmanager
def _chromium() -> Iterator[Page]:
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        pytest.skip("needs chromium (apt install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser.new_page()
        browser.close()


def _packed(file: Path) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.add(file, file.name)
    return packed.getvalue()


def _fetch(address: str, login: str = "") -> str:
    headers = {"Authorization": "Basic " + base64.b64encode(login.encode()).decode()}
    request = urllib.request.Request(address, headers=headers if login else {})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return str(answer.read().decode())
