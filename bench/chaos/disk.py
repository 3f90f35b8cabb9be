"""A small separate disk that can be filled without harm."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SIZE_MB = 64


@contextmanager
def small_disk(folder: Path) -> Iterator[Path | None]:
    """Mount a small file system in memory; None if this machine does not allow it."""
    folder.mkdir(parents=True, exist_ok=True)
    options = f"size={SIZE_MB}m,mode=700"
    mount = ["mount", "-t", "tmpfs", "-o", options, "nightreel-chaos", str(folder)]
    if not _works(mount):
        yield None
        return
    try:
        yield folder
    finally:
        _works(["umount", str(folder)]) or _works(["umount", "--lazy", str(folder)])


def _works(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False
