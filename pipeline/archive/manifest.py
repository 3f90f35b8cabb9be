"""The manifest of a backup, `manifest.json`: written last, so without it there is no backup."""

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
"""What a backup may contain besides the manifest."""
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of a backup."""

    path: str
    """Relative to the backup's folder, with slashes."""
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup contains, of which state, and what it does not contain."""

    format: int
    id: str
    """Random, 16 hex digits; it is also in the audit log."""
    product: str
    """The version of the program."""
    tables: str
    """The version of the tables."""
    taken_at: str
    """ISO 8601, UTC; later changes, including purges, are not in the backup."""
    database: str
    """`sqlite` or `postgresql`."""
    home: str
    """The home folder that was backed up."""
    audit_entries: int
    is_sealed: bool
    """Whether the backup needs the master key."""
    rows: Mapping[str, int]
    missing: tuple[str, ...]
    """Files that the database names and that were missing or altered."""
    left_out: tuple[str, ...]
    """What is not in the backup and why, in sentences."""
    files: tuple[Kept, ...]

    @property
    def bytes(self) -> int:
        """The total size of all files."""
        return sum(file.bytes for file in self.files)

    def file(self, path: str) -> Kept | None:
        """The file with this path, or None."""
        return next((file for file in self.files if file.path == path), None)

    @property
    def text(self) -> str:
        """The manifest as JSON."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=True) + "\n"


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a backup.

    Raises WrongUsage when there is none or a newer program made it, Altered when it is invalid or
    names files outside the backup.
    """
    try:
        raw = json.loads((folder / NAME).read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise WrongUsage(
            f"{folder} is no backup, or one that was broken off: it has no {NAME}."
        ) from None
    except (OSError, ValueError, RecursionError):
        raise Altered(f"{folder / NAME} cannot be read; use another backup.") from None
    if isinstance(raw, dict) and type(raw.get("format")) is int and raw["format"] > FORMAT:
        raise WrongUsage(
            "The backup was made by a newer Nightreel; install that one to restore it."
        )
    try:
        manifest = _manifest(raw)
    except (TypeError, KeyError, ValueError):
        raise Altered(f"{folder / NAME} is no manifest of a backup; use another backup.") from None
    for file in manifest.files:
        _refuse_outside(file.path)
    return manifest


def _manifest(raw: Any) -> Manifest:
    files = tuple(Kept(**file) for file in raw["files"])
    rows = {str(name): int(number) for name, number in raw["rows"].items()}
    lists = {name: tuple(map(str, raw[name])) for name in ("missing", "left_out")}
    made = Manifest(**raw | lists | {"files": files, "rows": rows})
    texts = (made.id, made.product, made.tables, made.taken_at, made.database, made.home)
    if not re.fullmatch(r"[0-9a-f]{16}", made.id):
        raise ValueError("no number of a backup")
    are_texts = all(isinstance(text, str) for text in (*texts, *(file.path for file in files)))
    sizes = all(type(file.bytes) is int and file.bytes >= 0 for file in files)
    if not (are_texts and sizes and all(_SHA256.fullmatch(file.sha256) for file in files)):
        raise ValueError("no manifest")
    if len({file.path for file in files}) < len(files):
        raise ValueError("a file twice")
    return made


def _refuse_outside(path: str) -> None:
    parts = path.split("/")
    inside = parts[0] in PLACES and not {"", ".", ".."} & set(parts) and "\0" not in path
    if not inside or PurePosixPath(path).is_absolute():
        raise Altered(f"The manifest names a file that is none of a backup's: {path!a}.")
