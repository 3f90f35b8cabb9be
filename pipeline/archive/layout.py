"""Where the parts of one archive lie: what a backup is made of, and where a restore puts them."""

from dataclasses import dataclass
from pathlib import Path

SETTINGS = "nightreel.toml"
MASTER_KEY = "keys/master.key"
AUDIT_KEY = "keys/audit.key"
WHOLE_FOLDERS = ("weights", "certificates")
"""Taken as they are, whatever the database says."""


@dataclass(frozen=True, slots=True)
class Archive:
    """The places of one archive on this machine."""

    home: Path
    database_url: str
    master_key: Path
    audit_key: Path
    media_url: str = ""
    """Where pictures are kept when it is not the home folder."""

    @property
    def keys(self) -> dict[str, Path]:
        """Where the key files lie, by their names in a backup."""
        return {MASTER_KEY: self.master_key, AUDIT_KEY: self.audit_key}
