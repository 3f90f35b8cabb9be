"""Several machines: homes of their own, and one PostgreSQL, one Redis, one object store."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import redis
from command_line import TERMS, Nightreel, ended
from fleet import fleet, new_database
from networks import networks
from object_store import ObjectServer, running_store
from painted import BLUE, RED, Stay, paint
from redis_node import running_redis
from sqlalchemy import text
from waiting import wait_until

from storage.database.database import connect, reading

pytestmark = pytest.mark.timeout(400)  # on a busy machine
CASE = "2026-1"
STAYS = (Stay(RED, 1, 14), Stay(BLUE, 35, 39, x=200), Stay(RED, 28, 52))
WORKER = ("worker", "1", "INFO")
OWN_NETWORK = Path("/proc/self/ns/net").readlink()


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A minute, six segments."""
    return paint(tmp_path_factory.mktemp("footage") / "yard.mp4", 60, *STAYS)


@pytest.fixture(scope="module")
def settings(
    postgres: str, broker_url: str, object_server: ObjectServer, tmp_path_factory: Any
) -> Iterator[dict[str, object]]:
    """What every machine is told."""
    with redis.Redis.from_url(broker_url) as broker:
        broker.flushall()
    key_file = tmp_path_factory.mktemp("keys") / "master.key"
    with new_database(postgres) as database_url:
        yield {
            "database_url": database_url,
            "broker_url": broker_url,
            "key_file": key_file,
            **object_server.settings,
            "media_url": f"s3://{object_server.make_bucket()}/crops",
            "footage_buckets": object_server.make_bucket(),
        }


@pytest.fixture(scope="module")
def stored(footage: Path, settings: dict[str, object], object_server: ObjectServer) -> str:
    """The address of the footage in the object store."""
    bucket = object_server.bucket(str(settings["footage_buckets"]))
    bucket.put("street/yard.mp4", footage.read_bytes())
    return f"s3://{bucket.name}/street/yard.mp4"


@pytest.fixture(scope="module")
def alone(
    tmp_path_factory: pytest.TempPathFactory, footage: Path, red: str
) -> Iterator["subprocess.Popen[str]"]:
    """A single machine at the same job, with nothing but what is embedded."""
    nightreel = Nightreel(tmp_path_factory.mktemp("alone") / "home")
    yield nightreel.start("process", footage, "--person", red, "--json")
    nightreel.clean_up()


@pytest.fixture(scope="module")
def run(
    tmp_path_factory: pytest.TempPathFactory,
    settings: dict[str, object],
    stored: str,
    red: str,
    alone: "subprocess.Popen[str]",
) -> Iterator[SimpleNamespace]:
    """A job that one machine began and another ended, the first having gone up in smoke."""
    folder = tmp_path_factory.mktemp("machines")
    with fleet(folder, ("desk", "first", "second"), **settings) as (desk, first, second):
        first.serve(*WORKER)
        desk.serve("beat", str(folder / "schedule"), "INFO")
        ask(desk.nightreel, stored, red)
        with looking_at(str(settings["database_url"])) as owners:
            wait_until(lambda: owners())
            first.lose()
            second.serve(*WORKER)
            done = desk.nightreel("ingest", stored, "--case", CASE, "--wait")
            shares = owners()
        machines = {"desk": desk, "first": first, "second": second}
        yield SimpleNamespace(done=done, shares=shares, alone=alone, **machines)


def ask(nightreel: Nightreel, footage: Path | str, red: str) -> None:
    """Open a case, say whom it looks for and add its footage."""
    name, _, photo = red.partition("=")
    assert nightreel("case", "open", CASE, *TERMS).code == 0
    assert nightreel("enrol", name, photo, "--case", CASE).code == 0
    assert nightreel("ingest", footage, "--case", CASE).code == 0


@contextmanager
def looking_at(database_url: str) -> Iterator[Callable[[], list[str]]]:
    """Yields what tells which processes have done segments, one name a segment."""
    engine = connect(database_url)
    done = text("select lease_owner from segment where state = 'done'")

    def owners() -> list[str]:
        with reading(engine) as session:
            return [owner.partition(".")[0] for (owner,) in session.execute(done)]

    yield owners
    engine.dispose()


def found_by(nightreel: Nightreel) -> list[dict[str, Any]]:
    """The candidates."""
    return list(nightreel("candidates", "--case", CASE, "--json").document["candidates"])


def test_the_job_ends_well_though_a_machine_was_lost(run: SimpleNamespace) -> None:
    assert run.done.code == 0


def test_both_machines_had_a_share(run: SimpleNamespace) -> None:
    assert set(run.shares) == run.first.processes | run.second.processes
    assert len(run.shares) == 6


def test_it_finds_what_a_single_machine_finds(run: SimpleNamespace) -> None:
    expected = ended(run.alone).document["candidates"]
    assert expected
    # Crops are named by their sealed bytes, and each archive seals with keys of its own.
    assert without_crops(found_by(run.desk.nightreel)) == without_crops(expected)


def without_crops(candidates: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: one[name] for name in one.keys() - {"crops"}} for one in candidates]


def test_no_home_holds_a_crop_and_everybody_can_read_them(
    run: SimpleNamespace, tmp_path: Path
) -> None:
    homes = [one.nightreel.home for one in (run.desk, run.first, run.second)]
    assert not [file for home in homes for file in home.rglob("*.jpg")]
    done = run.second.nightreel("report", "--case", CASE, "-o", tmp_path / "report")
    assert done.code == 0
    assert "data:image/jpeg" in (tmp_path / "report" / "report.html").read_text()


def test_doctor_reaches_all_three(run: SimpleNamespace) -> None:
    found = {one["what"]: one for one in run.second.nightreel("doctor", "--json").document}
    assert found["database"]["well"] and "postgresql" in found["database"]["detail"]
    assert found["broker"]["well"]
    assert found["pictures"]["well"] and "/crops/ at 127.0.0.1:" in found["pictures"]["detail"]


def test_no_secret_and_no_name_is_in_any_log(run: SimpleNamespace) -> None:
    for machine in (run.desk, run.first, run.second):
        if machine.log.exists():
            log = machine.log.read_text()
            assert not [word for word in ("of ours", "yard", "red.png") if word in log]


def test_machines_in_networks_of_their_own_share_the_work(
    postgres: str, tmp_path: Path, footage: Path, red: str
) -> None:
    """All they have in common is one address, and the socket of PostgreSQL."""
    with (
        networks(2) as (host, starts),
        running_redis(tmp_path, host) as broker_url,
        running_store(host) as store,
        new_database(postgres) as database_url,
    ):
        media = {"media_url": f"s3://{store.make_bucket()}", **store.settings}
        keys = {"key_file": tmp_path / "master.key"}
        shared = {"database_url": database_url, "broker_url": broker_url, **keys, **media}
        with fleet(tmp_path, ("first", "second", "desk"), starts, **shared) as machines:
            first, second, desk = machines
            for machine in (first, second):
                machine.serve(*WORKER)
            ask(desk.nightreel, footage, red)
            assert desk.nightreel("ingest", footage, "--wait").code == 0
            assert len({machine.network for machine in (first, second)} | {OWN_NETWORK}) == 3
            assert {one["person"] for one in found_by(desk.nightreel)} == {"Red"}
