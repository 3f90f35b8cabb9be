"""What the code imports is declared: a plain install, without extras, runs all of it."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from test_architecture import FILES, MAY_IMPORT, ROOT, imported_roots

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PLAIN = [Requirement(line) for line in PROJECT["dependencies"]]
EXTRA = [Requirement(line) for lines in PROJECT["optional-dependencies"].values() for line in lines]
PROVIDERS = {**packages_distributions(), "dlib": ["dlib-bin"]}  # dlib-bin's own list forgets it


def canonical(name: str) -> str:
    """A distribution's name as the index writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def providers(root: str) -> set[str]:
    """The distributions that bring a module."""
    return {canonical(name) for name in PROVIDERS.get(root, ())}


def names(requirements: Iterable[Requirement]) -> set[str]:
    return {canonical(each.name) for each in requirements}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_imported_package_is_a_requirement_of_ours(path: Path) -> None:
    """Not only of a package that we require: that one may drop it."""
    declared = names(PLAIN)
    if path.is_relative_to(ROOT / "bench") or path == ROOT / "report/table_files.py":
        declared |= names(EXTRA)
    outside = imported_roots(path) - set(MAY_IMPORT) - sys.stdlib_module_names
    assert {root for root in outside if not providers(root) & declared} == set()


@pytest.mark.timeout(600)  # torch, deepface and everything else
def test_every_module_can_be_imported_without_the_extras() -> None:
    hidden = {root for root in PROVIDERS if not providers(root) & installed_plainly()}
    assert "pytest" in hidden
    environment = {**os.environ, "HIDDEN": " ".join(hidden), "MODULES": " ".join(modules())}
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.returncode) == ("", 0), done.stderr


IMPORT_ALL = """
import importlib, os, sys
hidden = set(os.environ["HIDDEN"].split())

class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in hidden:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hide())
for module in os.environ["MODULES"].split():
    try:
        importlib.import_module(module)
    except ImportError as error:
        print(module, error)
"""


def modules() -> Iterator[str]:
    for path in FILES:
        parts = path.relative_to(ROOT).with_suffix("").parts
        # Alembic alone can run these: they act when they are imported.
        if "migrations" not in parts and parts[-1] != "__main__":
            yield ".".join(parts).removesuffix(".__init__")


def installed_plainly() -> set[str]:
    """Every distribution that `pip install nightreel` brings."""
    waiting, seen = list(PLAIN), set[tuple[str, frozenset[str]]]()
    while waiting:
        wanted = waiting.pop()
        step = (canonical(wanted.name), frozenset(wanted.extras))
        if step not in seen:
            seen.add(step)
            waiting += required_by(wanted)
    return {name for name, _ in seen} | {"nightreel"}


def required_by(wanted: Requirement) -> Iterator[Requirement]:
    try:
        lines = requires(wanted.name) or []
    except PackageNotFoundError:  # of another platform, or torch without CUDA
        return
    for each in map(Requirement, lines):
        extras = wanted.extras or {""}
        if each.marker is None or any(each.marker.evaluate({"extra": name}) for name in extras):
            yield each
