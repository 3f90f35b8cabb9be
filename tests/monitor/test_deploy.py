"""The example files for Prometheus and Grafana are what those programs read."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from settings import Settings

DEPLOY = Path(__file__).parents[2] / "deploy"
RULES = [
    rule
    for group in yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
PANELS = json.loads((DEPLOY / "grafana/nightreel.json").read_text())["panels"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_says_how_bad_it_is_and_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"].endswith(".")


def test_prometheus_looks_where_the_services_are_by_default() -> None:
    configuration = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())
    targets = {
        job["job_name"]: job["static_configs"][0]["targets"]
        for job in configuration["scrape_configs"]
    }
    ports = {name: Settings.model_fields[f"{name}_port"].default for name in ("monitor", "flower")}
    assert targets == {
        "nightreel": [f"127.0.0.1:{ports['monitor']}"],
        "flower": [f"127.0.0.1:{ports['flower']}"],
    }
    assert configuration["rule_files"] == ["alerts.yml"]


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_panel_has_its_place_and_its_questions(panel: dict[str, Any]) -> None:
    assert panel["type"] == "timeseries"
    assert panel["datasource"]["uid"] == "${datasource}"
    assert set(panel["gridPos"]) == {"h", "w", "x", "y"}
    assert all(target["expr"] and target["legendFormat"] for target in panel["targets"])


def test_no_panel_hides_another() -> None:
    cells = [
        (panel["gridPos"]["x"] + dx, panel["gridPos"]["y"] + dy)
        for panel in PANELS
        for dx in range(panel["gridPos"]["w"])
        for dy in range(panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)


@pytest.mark.parametrize(
    "arguments",
    [("check", "config", "prometheus.yml"), ("test", "rules", "alerts_test.yml")],
    ids=" ".join,
)
def test_promtool_finds_nothing_wrong(arguments: tuple[str, ...]) -> None:
    if shutil.which("promtool") is None:
        pytest.skip("no promtool is installed (Debian's package prometheus)")
    done = subprocess.run(
        ["promtool", *arguments],
        cwd=DEPLOY / "prometheus",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
