"""A real stack at work, as those see it who watch over it: pages, logs, notices, Flower."""

import base64
import json
import os
import re
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from listeners import command_that_writes_down, diary_of
from painted import RED, Stay, paint
from prometheus_client.parser import text_string_to_metric_families
from waiting import wait_until
from warm_start import run_warm

from pipeline.clock import utc_now
from pipeline.intake.ingest import ingest_file
from settings import Settings
from worker.bound import holder
from worker.folders import Folders
from worker.ports import free_port
from worker.resources import Resources
from worker.stack import Stack
from worker.stack_info import StackInfo

DEPLOY = Path(__file__).parents[2] / "deploy"
NAME = "Jane Doe at gate 7"
FUNCTIONS = {
    "sum", "rate", "delta", "increase", "histogram_quantile", "and", "by", "le", "task", "type"
}  # fmt: skip


@dataclass(frozen=True)
class Watched:
    """A running stack that has watched a clip with a telling name."""

    info: StackInfo
    settings: Settings
    diary: Path

    @property
    def home(self) -> Path:
        return self.settings.home

    def get(self, url: str, *, password: str = "", method: str = "GET") -> tuple[int, str]:
        """Status and body."""
        request = urllib.request.Request(url, method=method)
        if password:
            secret = base64.b64encode(f"{self.info.flower_user}:{password}".encode()).decode()
            request.add_header("Authorization", f"Basic {secret}")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def health(self) -> tuple[int, Any]:
        """The health page."""
        status, body = self.get(f"{self.info.monitor_url}/health")
        return status, json.loads(body or "{}")

    def flower(self, path: str, **how: str) -> tuple[int, str]:
        """What Flower answers to who knows the password."""
        url = f"{self.info.flower_url}/{path}"
        return self.get(url, password=self.info.flower_password, **how)

    def tasks(self) -> dict[str, Any]:
        """Flower's list."""
        status, body = self.flower("api/tasks")
        return json.loads(body) if status == 200 else {}

    def check(self, *options: str) -> tuple[int, str, str]:
        """`nightreel status --check`: its code, output and errors."""
        environment = {**os.environ, "NIGHTREEL_HOME": str(self.home)}
        environment |= {"NIGHTREEL_STALE_SECONDS": str(self.settings.stale_seconds)}
        environment |= {"NIGHTREEL_CANARY_SECONDS": str(self.settings.canary_seconds)}
        return run_warm(["nightreel", "status", "--check", *options], environment)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """Canaries every five seconds; a queue is stale after ten."""
    folder = tmp_path_factory.mktemp("watched")
    settings = Settings(
        home=folder / "home",
        engine="stub",
        workers=1,
        stop_seconds=2,
        lease_seconds=5,
        canary_seconds=5,
        stale_seconds=10,
        flower_port=free_port(),
        monitor_port=free_port(),
        web_port=free_port(),
        notify=str(command_that_writes_down(folder / "told")),
    )
    clip = paint(folder / f"{NAME}.mp4", 3, Stay(RED, 1, 2))
    mine = Resources(settings)
    _ = mine.database
    with Stack(settings) as stack:
        assert stack.info is not None
        running = Watched(stack.info, settings, folder / "told")
        wait_until(lambda: running.flower("workers")[0] == 200)
        ingest_file(clip, context=mine.context, plan=mine.plan, now=utc_now())
        mine.database.dispose()
        wait_until(lambda: running.health()[1].get("segments") == {"done": 1})
        wait_until(lambda: running.health()[0] == 200)
        yield running


def metrics_in(text: str) -> set[str]:
    """Names of all samples of a scrape."""
    return {sample.name for one in text_string_to_metric_families(text) for sample in one.samples}


def test_the_health_page_says_that_all_is_well(watched: Watched) -> None:
    status, page = watched.health()
    assert (status, page["well"], page["troubles"], page["window_open"]) == (200, True, [], True)
    assert set(page["silence_seconds"]) == {"upkeep", "matching", "nightreel"}


def test_a_script_is_told_that_all_is_well(watched: Watched) -> None:
    code, said, errors = watched.check()
    assert (code, errors) == (0, "")
    assert re.fullmatch(
        r"Healthy; queues last served: "
        r"upkeep \d+ s ago, matching \d+ s ago, nightreel \d+ s ago\.\n",
        said,
    )


def test_every_metric_that_alerts_and_dashboard_ask_for_exists(watched: Watched) -> None:
    rules = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())
    board = json.loads((DEPLOY / "grafana" / "nightreel.json").read_text())
    asked = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    asked += [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    names = {
        name
        for expression in asked
        for name in re.findall(r"[a-z_]+", re.sub(r"\{[^}]*\}|\[\w+\]|\d\w*", "", expression))
    } - FUNCTIONS

    own = metrics_in(watched.get(f"{watched.info.monitor_url}/metrics")[1])
    flowers = metrics_in(watched.flower("metrics")[1])

    assert names - own - flowers == {"up"}
    assert own <= names, "a metric that nobody looks at"


def test_no_name_is_on_any_page(watched: Watched) -> None:
    pages = [watched.get(f"{watched.info.monitor_url}/{page}")[1] for page in ("metrics", "health")]
    pages += [watched.flower(page)[1] for page in ("api/tasks", "tasks", "metrics", "workers")]
    assert all(pages)
    assert not [page for page in pages if "Jane" in page or str(watched.home) in page]


def test_flowers_list_of_tasks_is_for_who_has_the_password(watched: Watched) -> None:
    url = f"{watched.info.flower_url}/api/tasks"
    assert watched.get(url)[0] == 401
    assert watched.get(url, password="guess")[0] == 401
    wait_until(watched.tasks)


def test_flower_sees_whole_numbers_only(watched: Watched) -> None:
    """`None` is what Flower has of a task while it has heard of its end alone."""

    def seen(what: str) -> set[tuple[str, str | None]]:
        return {(one["name"], one[what]) for one in watched.tasks().values()}

    wait_until(lambda: ("tasks.segments.analyse_segment", "(1,)") in seen("args"))
    arguments = {args for _, args in seen("args") if args is not None}
    assert [args for args in arguments if not re.fullmatch(r"\(\)|\(\d+,\)", args)] == []
    assert {kwargs for _, kwargs in seen("kwargs")} <= {"{}", None}


def test_flower_takes_no_orders(watched: Watched) -> None:
    (worker,) = {task["worker"] for task in watched.tasks().values() if task["worker"]}
    for order in (f"worker/shutdown/{worker}", "task/async-apply/tasks.canary.answer"):
        assert watched.flower(f"api/{order}", method="POST")[0] == 403


def test_flower_remembers_what_was_done_before_it_was_started_again(watched: Watched) -> None:
    lock = Folders.of(watched.home).lock("flower")
    wait_until(watched.tasks)
    before, old = set(watched.tasks()), holder(lock)
    assert old is not None

    os.kill(old, signal.SIGTERM)

    wait_until(lambda: holder(lock) not in (None, old))
    wait_until(lambda: set(watched.tasks()) >= before)


def test_the_end_of_the_work_was_told(watched: Watched) -> None:
    wait_until(lambda: diary_of(watched.diary))
    (told,) = diary_of(watched.diary)
    assert (told["kind"], told["done"], told["watched_ms"]) == ("night_ended", 1, 3000)
    assert "Jane" not in str(told)


def test_every_line_of_the_workers_is_json_and_names_segment_and_recording(
    watched: Watched,
) -> None:
    text = (watched.home / "logs" / "worker.log").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    about = [line for line in lines if line.get("logger") == "pipeline.analysis.watch"]
    assert about
    assert {(one["segment"], one["recording"]) for one in about} == {(1, 1)}


def test_no_log_holds_a_name(watched: Watched) -> None:
    logs = [file for file in (watched.home / "logs").rglob("*") if file.is_file()]
    assert len(logs) > 5
    assert [file.name for file in logs if b"Jane" in file.read_bytes()] == []


def test_workers_that_live_and_do_nothing_are_found_out(watched: Watched) -> None:
    """Last in this file: they are stopped and go on only to be ended."""
    found = holder(Folders.of(watched.home).lock("worker"))
    assert found is not None
    workers = [psutil.Process(found), *psutil.Process(found).children(recursive=True)]
    for worker in workers:
        worker.suspend()
    try:
        wait_until(lambda: watched.health()[0] == 503)
        code, said, errors = watched.check()
        as_json = json.loads(watched.check("--json")[1])
    finally:
        for worker in workers:
            worker.resume()
    assert (code, said) == (1, "")
    assert re.match(r"nightreel: Queue \w+ has not been served for \d+ s; check workers", errors)
    assert as_json["well"] is False
