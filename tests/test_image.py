"""The image's recipe: what the build is given, and in which order."""

import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest
from setuptools import find_packages

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
IGNORED = [
    line.removeprefix("**/")
    for line in (ROOT / ".dockerignore").read_text().splitlines()
    if not line.startswith("#")
]
RECIPE = (ROOT / "Dockerfile").read_text()


def installed() -> list[str]:
    """The files that a wheel is made of."""
    tool = PROJECT["tool"]["setuptools"]
    folders = find_packages(str(ROOT), include=tool["packages"]["find"]["include"])
    inside = [str(file.relative_to(ROOT)) for name in folders
              for file in (ROOT / name.replace(".", "/")).rglob("*")
              if file.is_file() and "__pycache__" not in file.parts]  # fmt: skip
    described = [PROJECT["project"]["readme"], *PROJECT["project"]["license-files"]]
    return [*inside, *(f"{name}.py" for name in tool["py-modules"]), *described]


def test_no_file_of_the_wheel_is_left_out_of_the_build() -> None:
    assert "monitor/health.py" in installed()
    assert not [
        file
        for file in ["pyproject.toml", "constraints.txt", *installed()]
        if any(fnmatch(part, pattern) for part in Path(file).parts for pattern in IGNORED)
    ]


@pytest.mark.parametrize("secret", [".env", ".git", ".venv"])
def test_what_an_operator_keeps_beside_the_source_is_not_given_to_the_build(secret: str) -> None:
    assert any(fnmatch(secret, pattern) for pattern in IGNORED)


def test_an_edited_line_of_source_does_not_install_the_dependencies_again() -> None:
    final = RECIPE.rpartition("\nFROM ")[2]
    assert "COPY . " not in final
    assert final.index("--requirement") < final.index("COPY --from=wheel")


def test_torch_is_chosen_together_with_all_else_under_the_constraints() -> None:
    (install,) = [
        line for line in RECIPE.replace("\\\n", "").splitlines() if "TORCH_INDEX:+" in line
    ]
    assert "--extra-index-url" in install
    assert "--constraint /tmp/constraints.txt --requirement" in install


def test_the_image_leaves_no_volume_without_a_name() -> None:
    assert not [line for line in RECIPE.splitlines() if line.startswith("VOLUME")]
