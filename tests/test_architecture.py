"""Imports point down, and each outside library has one home."""

import ast
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "file_locks": set(),
    "atomic_file": set(),
    "settings_file": {"errors"},
    "settings": {"errors", "settings_file"},
    "footage": {"errors", "file_locks"},
    "faces": {"errors", "atomic_file"},
    "storage": {"errors", "file_locks", "atomic_file", "footage", "faces"},
    "pipeline": {"errors", "file_locks", "footage", "faces", "storage"},
    "celeryconfig": {"settings", "errors"},
    "worker": {"errors", "file_locks", "atomic_file", "settings", "celeryconfig", "storage",
               "footage", "faces", "pipeline"},
    "tasks": {"errors", "storage", "pipeline", "worker"},
    "report": {"errors", "atomic_file", "settings", "faces", "storage", "pipeline", "worker"},
    "review": {"errors", "settings", "faces", "storage", "pipeline", "report",
               "worker", "tasks", "monitor"},
    "monitor": {"errors", "storage", "pipeline", "worker"},
    "demo": set(),
    "cli": {"errors", "settings", "settings_file", "footage", "faces", "storage", "pipeline",
            "tasks", "worker", "report", "monitor", "demo", "bench"},
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
    "cachetools": ("review/clip_cache.py",),
    "tenacity": ("pipeline/retry.py",),
    "httpx": ("monitor/deliver.py", "bench/"),
    "fastapi": ("review/",),
    "starlette": ("review/",),
    "uvicorn": ("review/serve.py",),
    "authlib": ("review/oidc.py",),
    "httpx2": ("review/oidc.py",),
    "joserfc": ("review/oidc.py",),
    "limits": ("review/throttle.py",),
    "pwdlib": ("storage/access/passwords.py",),
    "jinja2": ("review/", "report/"),
    "pyarrow": ("report/table_files.py",),
    "typer": ("cli/",),
    "rich": ("cli/",),
    "pydantic_settings": ("settings.py", "settings_file.py"),
}

STORAGE = (
    "tables",
    "database",
    "files",
    "access",
    "cases",
    "vectors",
    "jobs",
    "results",
    "archive",
)
"""The rooms of storage; each may import those before it."""

FILES = sorted(
    path
    for name in MAY_IMPORT
    for path in (*ROOT.glob(f"{name}.py"), *ROOT.glob(f"{name}/**/*.py"))
)


def imported_modules(path: Path) -> set[str]:
    """Every module a file imports, at its top or inside a function."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [
        node.module
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module and not node.level
    ]
    return set(names)


def imported_roots(path: Path) -> set[str]:
    """First parts of `imported_modules`."""
    return {name.partition(".")[0] for name in imported_modules(path)}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down_the_tree(path: Path) -> None:
    place = str(path.relative_to(ROOT))
    package = place.partition("/")[0].removesuffix(".py")
    for root in imported_roots(path):
        if root in MAY_IMPORT and root != package:
            assert root in MAY_IMPORT[package], f"{place} must not import {root}"
        if root in HOME_OF:
            assert place.startswith(HOME_OF[root]), f"{root} is not at home in {place}"


@pytest.mark.parametrize("path", sorted(ROOT.glob("storage/*/*.py")), ids=str)
def test_imports_inside_storage_run_one_way(path: Path) -> None:
    room = path.parent.name
    if room == "migrations":
        return
    below = STORAGE[: STORAGE.index(room) + 1]
    for module in imported_modules(path):
        package, _, rest = module.partition(".")
        if package == "storage" and rest:
            assert rest.partition(".")[0] in below, f"{path} must not import {module}"


def imported_names(path: Path) -> set[tuple[str, str]]:
    """Every name a file imports from a module: (module, name)."""
    return {
        (node.module, alias.name)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }


@pytest.mark.parametrize("entrance", ["cli", "review"])
def test_entrances_open_no_database_sessions(entrance: str) -> None:
    """They call pipeline, which does what is asked and records it in one transaction."""
    sessions = {("storage.database.database", name) for name in ("reading", "writing", "Session")}
    sessions |= {("storage.database", "database"), ("sqlmodel", "Session")}
    for path in sorted(ROOT.glob(f"{entrance}/**/*.py")):
        assert not imported_names(path) & sessions, f"{path} opens database sessions"
        assert "storage.database.database" not in {
            alias.name
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Import)
            for alias in node.names
        }, path


def test_the_pages_take_the_time_from_the_clock_of_their_site() -> None:
    """A request reads it once, in `review.visitors.caller`; a test sets it."""
    clock = ("pipeline.clock", "utc_now")
    asking = {
        str(path.relative_to(ROOT))
        for path in ROOT.glob("review/**/*.py")
        if clock in imported_names(path)
    }
    # `serve` hands it to the importer, which is no part of a request.
    assert asking == {"review/site.py", "review/serve.py"}
    for place in asking:
        assert "utc_now()" not in (ROOT / place).read_text(), place


def test_the_present_time_is_read_at_entrances_and_by_services_only() -> None:
    """Steps are given it: the `now` of a Caller, or the clock of a Context where they take long."""
    services = ("tasks/", "worker/", "monitor/", "bench/")
    calling = {str(path.relative_to(ROOT)) for path in FILES if calls(path, "utc_now")}
    outside = {place for place in calling if not place.startswith(services)}
    # A backup says when the copy it kept was begun; there may have been others before.
    assert outside == {"cli/actor.py", "pipeline/archive/backup.py"}


def calls(path: Path, function: str) -> bool:
    """Whether a file calls a function by this name."""
    return any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function
        for node in ast.walk(ast.parse(path.read_text()))
    )


def test_no_module_lies_loose_in_storage() -> None:
    assert [path.name for path in ROOT.glob("storage/*.py")] == ["__init__.py"]


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


def test_only_one_module_asks_which_database_it_has() -> None:
    """Types of columns are asked by SQLAlchemy itself; migrations go on meaning what they meant.

    How rows and whole databases are copied fast is each kind's own way, in modules of their own.
    """
    copies = ("copying.py", "snapshots.py", "pg_client.py")
    for path in sorted(ROOT.glob("storage/*/*.py")):
        if path.parent.name in ("migrations", "tables") or path.name == "dialect.py":
            continue
        tree = ast.walk(ast.parse(path.read_text()))
        names = [node.attr for node in tree if isinstance(node, ast.Attribute)]
        assert "dialect" not in names or path.name in copies, path
        assert "get_backend_name" not in names or path.name in ("database.py", *copies), path


def test_no_two_test_modules_have_the_same_name() -> None:
    """Pytest imports them by their names alone, and leaves the second one out."""
    names = [path.name for path in ROOT.glob("tests/**/test_*.py")]
    assert [name for name, number in Counter(names).items() if number > 1] == []
