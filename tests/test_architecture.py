"""Imports point down, and each outside library has one home."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "settings_file": {"errors"},
    "settings": {"errors", "settings_file"},
    "footage": {"errors"},
    "faces": {"errors"},
    "storage": {"errors", "footage", "faces"},
    "pipeline": {"errors", "footage", "faces", "storage"},
    "celeryconfig": {"settings", "errors"},
    "worker": {"errors", "settings", "celeryconfig", "storage", "footage", "faces", "pipeline"},
    "tasks": {"errors", "storage", "pipeline", "worker"},
    "review": {"errors", "settings", "faces", "storage", "pipeline", "worker", "tasks", "monitor"},
    "monitor": {"errors", "storage", "pipeline", "worker"},
    "demo": set(),
    "cli": {"errors", "settings", "settings_file", "footage", "faces", "storage", "pipeline",
            "tasks", "worker", "review", "monitor", "demo", "bench"},
    "bench": {"errors", "settings", "footage", "faces", "storage", "pipeline", "tasks", "worker",
              "review", "demo"},
}  # fmt: skip

HOME_OF = {
    "torch": ("faces/engines/", "bench/"),
    "deepface": ("faces/engines/", "bench/"),
    "dlib": ("faces/engines/", "bench/"),
    "cv2": ("faces/engines/", "bench/"),
    "ffmpeg": ("footage/ffmpeg.py",),
    "subprocess": (
        "footage/",
        "storage/database/pg_client.py",
        "worker/",
        "monitor/deliver.py",
        "bench/",
    ),
    "sqlmodel": ("storage/", "bench/"),
    "sqlalchemy": ("storage/",),
    "alembic": ("storage/",),
    "obstore": ("storage/files/objects.py",),
    "celery": ("worker/", "tasks/"),
    "kombu": ("worker/", "tasks/", "bench/"),
    "redis": ("worker/", "bench/"),
    "supervisor": ("worker/",),
    "prometheus_client": ("monitor/",),
    "fastapi": ("review/",),
    "starlette": ("review/",),
    "uvicorn": ("review/serve.py",),
    "authlib": ("review/oidc.py",),
    "httpx2": ("review/oidc.py",),
    "joserfc": ("review/oidc.py",),
    "limits": ("review/throttle.py",),
    "pwdlib": ("storage/access/passwords.py",),
    "jinja2": ("review/",),
    "pyarrow": ("report/sheets.py",),
    "typer": ("cli/",),
    "rich": ("cli/",),
    "pydantic_settings": ("settings.py", "settings_file.py"),
}

FILES = sorted(
    path
    for name in MAY_IMPORT
    for path in (*ROOT.glob(f"{name}.py"), *ROOT.glob(f"{name}/**/*.py"))
)


def imported_roots(path: Path) -> set[str]:
    """First parts of every module a file imports, at its top or inside a function."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [
        node.module
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module and not node.level
    ]
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down_the_tree(path: Path) -> None:
    place = str(path.relative_to(ROOT))
    package = place.partition("/")[0].removesuffix(".py")
    for root in imported_roots(path):
        if root in MAY_IMPORT and root != package:
            assert root in MAY_IMPORT[package], f"{place} must not import {root}"
        if root in HOME_OF:
            assert place.startswith(HOME_OF[root]), f"{root} is not at home in {place}"


def test_no_task_is_chained_to_another_and_no_result_is_read() -> None:
    """A chord whose message is lost never ends; whoever ends the last segment asks instead."""
    beyond_us = {"chord", "chain", "chunks", "group", "signature", "AsyncResult", "GroupResult"}
    for path in FILES:
        tree = ast.parse(path.read_text())
        imported = {
            alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("celery")
            for alias in node.names
        }
        assert not imported & beyond_us, path


def test_deepface_attribute_inference_is_out_of_reach() -> None:
    for path in FILES:
        words = {
            node.attr
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Attribute)
        }
        assert "analyze" not in words, f"{path} reaches for attribute inference"


@pytest.mark.parametrize("module", ["worker.app", "celeryconfig", "faces.models"])
def test_nothing_heavy_is_imported_before_it_is_needed(module: str) -> None:
    code = (
        f"import sys, {module}; heavy = ('torch', 'deepface', 'dlib', 'cv2', 'pandas', 'pyarrow'); "
        "print([m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
