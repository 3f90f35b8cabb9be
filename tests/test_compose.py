"""The Compose files: what an engine would make of them, and what they promise."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from settings import Settings
from storage.files.objects import Address

ROOT = Path(__file__).parent.parent
FILES = ("docker-compose.yml", "docker-compose.gpu.yml")
VARIABLES = {
    "REDIS_PASSWORD": "redis",
    "POSTGRES_PASSWORD": "postgres",
    "S3_PASSWORD": "ofourown",
    "FLOWER_PASSWORD": "flower",
    "NIGHTREEL_FOOTAGE": "/footage",
}


def compose_command() -> list[str]:
    """The older program or the newer plugin."""
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    plugin = ["docker", "compose"]
    if shutil.which("docker") and subprocess.run([*plugin, "version"], check=False).returncode == 0:
        return plugin
    pytest.skip("no Compose is installed")


def compose(*arguments: str, without: str = "") -> subprocess.CompletedProcess[str]:
    """Run Compose with all variables set but one."""
    given = {name: value for name, value in VARIABLES.items() if name != without}
    environment = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    return subprocess.run(
        [*compose_command(), *arguments],
        cwd=ROOT,
        env=environment | given,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def services() -> dict[str, dict[str, Any]]:
    """The services of the main file, as they stand there."""
    return dict(yaml.safe_load((ROOT / FILES[0]).read_text())["services"])


@pytest.mark.parametrize("files", [FILES[:1], FILES], ids=["alone", "with the GPU's"])
def test_compose_accepts_the_files(files: tuple[str, ...]) -> None:
    done = compose(*(word for file in files for word in ("-f", file)), "config", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("variable", VARIABLES)
def test_compose_refuses_to_start_without_a_variable(variable: str) -> None:
    done = compose("config", "--quiet", without=variable)
    assert done.returncode == 1
    assert f"set {variable}" in done.stderr


def test_no_password_has_a_default() -> None:
    text = (ROOT / FILES[0]).read_text()
    uses = re.findall(r"(?<!\$)\$\{?(\w*PASSWORD)(.{2})", text)
    assert len(uses) > 4
    assert {after for _, after in uses} == {":?"}


def test_only_who_shows_the_work_is_reachable_and_from_this_machine_alone(
    services: dict[str, dict[str, Any]],
) -> None:
    published = {name: each["ports"] for name, each in services.items() if "ports" in each}
    assert published.pop("seaweedfs") == ["127.0.0.1:${S3_PORT:-8333}:8333"]  # to load footage
    assert published == {
        "flower": ["127.0.0.1:${NIGHTREEL_FLOWER_PORT:-5555}:5555"],
        "monitor": ["127.0.0.1:${NIGHTREEL_MONITOR_PORT:-9555}:9555"],
        "web": ["127.0.0.1:${NIGHTREEL_WEB_PORT:-8555}:8555"],
    }
    outside = {name for name, each in services.items() if "outside" in each["networks"]}
    assert outside == set(published)


def test_the_inner_network_leads_nowhere() -> None:
    networks = yaml.safe_load((ROOT / FILES[0]).read_text())["networks"]
    assert networks["inside"] == {"internal": True}
    masquerade = "com.docker.network.bridge.enable_ip_masquerade"
    assert networks["loading"]["driver_opts"] == {masquerade: "false"}


def test_the_page_trusts_the_network_of_its_published_port(
    services: dict[str, dict[str, Any]],
) -> None:
    networks = yaml.safe_load((ROOT / FILES[0]).read_text())["networks"]
    (trusted,) = networks["outside"]["ipam"]["config"]
    assert services["web"]["environment"]["NIGHTREEL_TRUSTED_PROXIES"] == trusted["subnet"]


def test_every_service_is_locked_down_watched_and_restarted(
    services: dict[str, dict[str, Any]],
) -> None:
    for name, each in services.items():
        assert each["read_only"] is True, name
        assert each["cap_drop"] == ["ALL"], name
        assert each["security_opt"] == ["no-new-privileges:true"], name
        assert each["restart"] == "unless-stopped", name
        assert each["healthcheck"]["test"], name
        assert each["mem_limit"], name
        assert {"max-size", "max-file"} <= each["logging"]["options"].keys(), name


def test_no_tmpfs_has_a_mode(services: dict[str, dict[str, Any]]) -> None:
    """runc 1.1 forgets it when a container starts again: the folder is root's alone then."""
    assert not [one for each in services.values() for one in each["tmpfs"] if ":" in one]


def test_footage_cannot_be_written(services: dict[str, dict[str, Any]]) -> None:
    mounts = {name: each.get("volumes", []) for name, each in services.items()}
    with_footage = {
        name: mount for name, found in mounts.items() for mount in found if "FOOTAGE" in mount
    }
    assert sorted(with_footage) == ["web", "worker"]
    assert all(mount.endswith(":/footage:ro") for mount in with_footage.values())


def test_a_worker_has_time_to_give_its_work_back(services: dict[str, dict[str, Any]]) -> None:
    worker = services["worker"]
    patience = int(worker["stop_grace_period"].removesuffix("s"))
    assert patience >= int(worker["environment"]["NIGHTREEL_STOP_SECONDS"]) + 10


def test_the_monitor_is_well_when_canaries_are_done(services: dict[str, dict[str, Any]]) -> None:
    monitor, worker = services["monitor"], services["worker"]
    assert monitor["healthcheck"]["test"] == ["CMD", "nightreel", "status", "--check"]
    shared = {"NIGHTREEL_DATABASE_URL", "NIGHTREEL_BROKER_URL", "NIGHTREEL_WINDOW"}
    assert all(monitor["environment"][name] == worker["environment"][name] for name in shared)
    assert monitor["volumes"] == ["home:/var/lib/nightreel:ro"]


def test_a_variable_that_is_not_set_leaves_the_settings_file_in_force(
    services: dict[str, dict[str, Any]],
) -> None:
    """An empty value would override it."""
    given = [each.get("environment", {}).items() for each in services.values()]
    empty = {name for pairs in given for name, text in pairs if str(text).endswith(":-}")}
    assert not {name for name in empty if name.startswith("NIGHTREEL_")}


def test_only_they_who_need_it_know_the_database(
    services: dict[str, dict[str, Any]],
) -> None:
    told = [
        name for name, each in services.items() if "NIGHTREEL_DATABASE_URL" in each["environment"]
    ]
    assert told == ["worker", "web", "monitor"]


def test_everybody_means_the_same_stores(services: dict[str, dict[str, Any]]) -> None:
    shared = {"NIGHTREEL_MEDIA_URL", "NIGHTREEL_S3_ENDPOINT", "NIGHTREEL_S3_SECRET_KEY"}
    for name in ("worker", "web"):
        assert shared <= services[name]["environment"].keys()
        assert set(services[name]["depends_on"]) == {"redis", "postgres", "seaweedfs"}
    store, settings = services["seaweedfs"], services["worker"]["environment"]
    media = Address.parse(settings["NIGHTREEL_MEDIA_URL"]).bucket
    assert store["environment"]["BUCKETS"].split() == [media, settings["NIGHTREEL_FOOTAGE_BUCKETS"]]
    assert store["environment"]["S3_PASSWORD"] == settings["NIGHTREEL_S3_SECRET_KEY"]
    assert f'"accessKey": "{settings["NIGHTREEL_S3_ACCESS_KEY"]}"' in store["entrypoint"][-1]


def test_passwords_are_on_no_command_line(services: dict[str, dict[str, Any]]) -> None:
    """A shell reads them from its environment: `$$` stays as it is for it."""
    for name, each in services.items():
        said = " ".join(map(str, [*each.get("command", []), *each.get("entrypoint", [])]))
        assert not re.search(r"(?<!\$)\$\{?\w*PASSWORD", said), name


def test_the_page_listens_where_its_health_is_asked_for(
    services: dict[str, dict[str, Any]],
) -> None:
    web, port = services["web"], Settings.model_fields["web_port"].default
    assert web["command"] == ["python", "-m", "review.serve", "0.0.0.0"]
    assert f"http://127.0.0.1:{port}/login" in web["healthcheck"]["test"][-1]


def test_every_setting_exists(services: dict[str, dict[str, Any]]) -> None:
    known = {f"NIGHTREEL_{name.upper()}" for name in Settings.model_fields}
    used = {
        name
        for each in services.values()
        for name in each["environment"]
        if name.startswith("NIGHTREEL_")
    }
    assert used
    assert used <= known


def test_on_a_gpu_seven_processes_share_it() -> None:
    worker = yaml.safe_load((ROOT / FILES[1]).read_text())["services"]["worker"]
    (device,) = worker["deploy"]["resources"]["reservations"]["devices"]
    assert device["capabilities"] == ["gpu"]
    assert "${NIGHTREEL_WORKERS:-7}" in worker["command"]
