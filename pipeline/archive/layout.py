"""The locations of an archive's parts, for backup and restore."""

from dataclasses import dataclass
from pathlib import Path

SETTINGS = "nightreel.toml"
MASTER_KEY = "keys/master.key"
AUDIT_KEY = "keys/audit.key"
WHOLE_FOLDERS = ("weights", "certificates")
"""Folders of the home that are backed up whole, regardless of the database."""


@dataclass(frozen=True, slots=True)
class Archive:
    """The locations of one archive on this machine."""

    home: Path
    database_url: str
    master_key: Path
    audit_key: Path
    media_url: str = ""
    """Where pictures are stored; empty means in the home folder."""

    @property
    def keys(self) -> dict[str, Path]:
        """The paths of the key files, by their names in a backup."""
        return {MASTER_KEY: self.master_key, AUDIT_KEY: self.audit_key}
