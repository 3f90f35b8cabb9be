"""The files for Kubernetes, as far as they can be checked without a cluster."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.intake.receive import Inbox
from settings import Settings

FOLDER = Path(__file__).parent.parent / "deploy/kubernetes"
KUBERNETES = "1.34"
FOREIGN = {"Kustomization", "ScaledObject"}
"""Kinds that Kubernetes itself has no schema of."""
SECRETS = {
    "NIGHTREEL_DATABASE_URL", "NIGHTREEL_BROKER_URL", "NIGHTREEL_S3_ACCESS_KEY",
    "NIGHTREEL_S3_SECRET_KEY", "FLOWER_BASIC_AUTH",
}  # fmt: skip

COMPOSE = yaml.safe_load((FOLDER.parents[1] / "docker-compose.yml").read_text())
DOCUMENTS: list[dict[str, Any]] = [
    document
    for file in sorted(FOLDER.glob("*.yaml"))
    for document in yaml.safe_load_all(file.read_text())
]


def named(kind: str) -> dict[str, dict[str, Any]]:
    """The documents of a kind."""
    return {one["metadata"]["name"]: one for one in DOCUMENTS if one["kind"] == kind}


def pod(name: str) -> dict[str, Any]:
    """What a deployment runs."""
    return dict(named("Deployment")[name]["spec"]["template"]["spec"])


PODS = sorted(named("Deployment"))


@pytest.mark.parametrize(
    "document",
    [one for one in DOCUMENTS if one["kind"] not in FOREIGN],
    ids=lambda one: f"{one['kind']} {one['metadata']['name']}",
)
def test_kubernetes_knows_every_field(document: dict[str, Any]) -> None:
    kubernetes_validate = pytest.importorskip("kubernetes_validate")
    kubernetes_validate.validate(document, KUBERNETES, strict=True)


def test_every_file_is_applied() -> None:
    (customisation,) = [one for one in DOCUMENTS if one["kind"] == "Kustomization"]
    assert {*customisation["resources"], "kustomization.yaml"} == {
        file.name for file in FOLDER.glob("*.yaml")
    }


def test_that_they_were_never_run_is_said() -> None:
    assert "never run" in (FOLDER / "kustomization.yaml").read_text().replace("\n# ", " ")


@pytest.mark.parametrize("name", PODS)
def test_a_pod_is_locked_down_limited_and_watched(name: str) -> None:
    spec = pod(name)
    (container,) = spec["containers"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False  # Service flower would set FLOWER_PORT
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {"cpu", "memory"} <= container["resources"]["limits"].keys()
    assert "livenessProbe" in container


@pytest.mark.parametrize("name", PODS)
def test_what_a_pod_refers_to_is_there(name: str) -> None:
    spec = pod(name)
    (container,) = spec["containers"]
    volumes = {one["name"] for one in spec["volumes"]}
    assert {one["name"] for one in container["volumeMounts"]} == volumes
    assert [one["configMapRef"]["name"] for one in container["envFrom"]] == list(named("ConfigMap"))
    claims = {one["persistentVolumeClaim"]["claimName"]
              for one in spec["volumes"] if "persistentVolumeClaim" in one}  # fmt: skip
    assert claims <= set(named("PersistentVolumeClaim"))
    secrets = [one["valueFrom"]["secretKeyRef"] for one in container["env"] if "valueFrom" in one]
    assert {one["name"] for one in secrets} == {"nightreel"}
    assert {one["key"] for one in secrets} <= SECRETS


def test_who_needs_no_footage_and_no_picture_gets_no_key_to_them() -> None:
    told = {
        name: {one["name"] for one in pod(name)["containers"][0]["env"]}
        for name in ("beat", "monitor", "flower")
    }
    assert not [name for name, given in told.items() if "NIGHTREEL_S3_SECRET_KEY" in given]
    assert not [name for name in told if any("secret" in one for one in pod(name)["volumes"])]


def test_every_setting_exists_and_can_be_used() -> None:
    known = {f"NIGHTREEL_{name.upper()}" for name in Settings.model_fields}
    (settings,) = named("ConfigMap").values()
    used = set(re.findall(r"NIGHTREEL_[A-Z0-9_]*[A-Z]", "".join(map(str, DOCUMENTS))))
    assert used <= known
    Settings(**{name.removeprefix("NIGHTREEL_").lower(): value
                for name, value in settings["data"].items()})  # fmt: skip


def test_a_worker_has_time_to_give_its_work_back() -> None:
    stop_seconds = int(named("ConfigMap")["nightreel"]["data"]["NIGHTREEL_STOP_SECONDS"])
    for name in ("worker", "worker-gpu"):
        assert pod(name)["terminationGracePeriodSeconds"] >= stop_seconds + 10


@pytest.mark.parametrize("name", ["worker", "worker-gpu"])
def test_a_worker_finds_uploaded_footage_where_the_page_put_it(name: str) -> None:
    (claim,) = named("PersistentVolumeClaim").values()
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    home = named("ConfigMap")["nightreel"]["data"]["NIGHTREEL_HOME"]
    pages = {one["name"]: one for one in pod("web")["containers"][0]["volumeMounts"]}
    worker = {one["name"]: one for one in pod(name)["containers"][0]["volumeMounts"]}
    inbox = Inbox(Path(home))
    assert pages["uploads"] == {"name": "uploads", "mountPath": home}
    assert worker["uploads"]["mountPath"] == str(inbox.footage)
    assert worker["uploads"]["subPath"] == inbox.footage.name


@pytest.mark.parametrize("name", ["worker", "beat", "web", "monitor", "flower"])
def test_a_pod_runs_what_the_compose_file_runs_with_the_same_memory(name: str) -> None:
    (container,) = pod(name)["containers"]
    service = COMPOSE["services"][name]
    assert container["image"] == service["image"]
    assert container["command"] == [_default(word) for word in service["command"]]
    memory = _default(service["mem_limit"]).replace("g", "Gi").replace("m", "Mi")
    assert container["resources"]["limits"]["memory"] == memory


def test_a_setting_means_the_same_as_in_the_compose_file() -> None:
    differ = {"NIGHTREEL_S3_ENDPOINT", "NIGHTREEL_TRUSTED_PROXIES"}  # addresses of other networks
    told = named("ConfigMap")["nightreel"]["data"] | {
        one["name"]: one["value"]
        for name in PODS if name != "worker-gpu"
        for one in pod(name)["containers"][0]["env"] if "value" in one
    }  # fmt: skip
    composed = {
        key: _default(value or "")
        for service in COMPOSE["services"].values()
        for key, value in service["environment"].items()
    }
    shared = (told.keys() & composed.keys()) - differ
    assert {"NIGHTREEL_MEDIA_URL", "NIGHTREEL_STOP_SECONDS", "FLOWER_PORT"} <= shared
    assert {key: told[key] for key in shared} == {key: composed[key] for key in shared}


def _default(value: str) -> str:
    """What Compose makes of a value where no variable is set."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)


def test_workers_are_scaled_by_an_age_that_the_monitor_tells() -> None:
    (scaled,) = named("ScaledObject").values()
    (trigger,) = scaled["spec"]["triggers"]
    worker = named("Deployment")[scaled["spec"]["scaleTargetRef"]["name"]]
    metrics = (FOLDER.parents[1] / "monitor/metrics.py").read_text()
    assert "replicas" not in worker["spec"]  # or every apply would undo the scaling
    assert trigger["type"] == "prometheus"
    for metric in re.findall(r"nightreel_(\w+)", trigger["metadata"]["query"]):
        assert f'"{metric}"' in metrics


def test_every_service_and_policy_has_pods_to_speak_of() -> None:
    parts = {one["metadata"]["labels"]["part"] for one in named("Deployment").values()}
    services = named("Service")
    assert {one["spec"]["selector"]["part"] for one in services.values()} <= parts
    pages = named("NetworkPolicy")["nightreel-pages"]["spec"]["podSelector"]["matchExpressions"]
    assert set(pages[0]["values"]) == set(services)
