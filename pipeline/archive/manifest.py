"""What a backup says of itself: `manifest.json`, written last, so that without it there is none."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from errors import Altered, WrongUsage

NAME = "manifest.json"
FORMAT = 1
PLACES = {
    "nightreel.db", "database.dump", "nightreel.toml",
    "keys", "media", "footage", "uploads", "weights", "certificates",
}  # fmt: skip
"""What may lie in a backup beside the manifest."""
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of a backup."""

    path: str
    """Below its folder, by slashes."""
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was kept, of which state, and what was not."""

    format: int
    id: str
    """Random; the audit log has it too."""
    product: str
    """Version of the program."""
    tables: str
    """Version of the tables."""
    taken_at: str
    """ISO 8601, UTC: what came later, a purge too, is not in it."""
    database: str
    """`sqlite` or `postgresql`."""
    home: str
    """The home folder it was taken of."""
    audit_entries: int
    is_sealed: bool
    """Whether it cannot be used without the master key."""
    rows: Mapping[str, int]
    missing: tuple[str, ...]
    """Files that the database names and that were not there, or not as they were."""
    left_out: tuple[str, ...]
    """What is not in it and why, in sentences."""
    files: tuple[Kept, ...]

    @property
    def bytes(self) -> int:
        """Of all files together."""
        return sum(file.bytes for file in self.files)

    def file(self, path: str) -> Kept | None:
        """The file of this path, or None."""
        return next((file for file in self.files if file.path == path), None)

    @property
    def text(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=True) + "\n"


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a backup.

    Raises WrongUsage where there is none or a newer program made it, Altered for one that names
    files outside of the backup, or is no manifest.
    """
    try:
        found = json.loads((folder / NAME).read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise WrongUsage(
            f"{folder} is no backup, or one that was broken off: it has no {NAME}."
        ) from None
    except (OSError, ValueError, RecursionError):
        raise Altered(f"{folder / NAME} cannot be read; use another backup.") from None
    if isinstance(found, dict) and type(found.get("format")) is int and found["format"] > FORMAT:
        raise WrongUsage(
            "The backup was made by a newer Nightreel; install that one to restore it."
        )
    try:
        made = _manifest(found)
    except (TypeError, KeyError, ValueError):
        raise Altered(f"{folder / NAME} is no manifest of a backup; use another backup.") from None
    for file in made.files:
        _refuse_outside(file.path)
    return made


def _manifest(found: Any) -> Manifest:
    files = tuple(Kept(**file) for file in found["files"])
    rows = {str(name): int(number) for name, number in found["rows"].items()}
    lists = {name: tuple(map(str, found[name])) for name in ("missing", "left_out")}
    made = Manifest(**found | lists | {"files": files, "rows": rows})
    texts = (made.id, made.product, made.tables, made.taken_at, made.database, made.home)
    if not re.fullmatch(r"[0-9a-f]{16}", made.id):
        raise ValueError("no number of a backup")
    whole = all(isinstance(one, str) for one in (*texts, *(file.path for file in files)))
    sizes = all(type(file.bytes) is int and file.bytes >= 0 for file in files)
    if not (whole and sizes and all(_SHA256.fullmatch(file.sha256) for file in files)):
        raise ValueError("no manifest")
    if len({file.path for file in files}) < len(files):
        raise ValueError("a file twice")
    return made


def _refuse_outside(path: str) -> None:
    parts = path.split("/")
    inside = parts[0] in PLACES and not {"", ".", ".."} & set(parts) and "\0" not in path
    if not inside or PurePosixPath(path).is_absolute():
        raise Altered(f"The manifest names a file that is none of a backup's: {path!a}.")
