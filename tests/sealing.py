"""Sealed pictures for tests: a folder, a database, and their own master key."""

from pathlib import Path

from sqlalchemy import Engine

from storage.database.database import Session, database_of
from storage.files.keys import Keyring
from storage.files.media_folder import MediaFolder
from storage.files.sealed import SealedMedia

MASTER = bytes(range(32))


def keys_of(session: Session) -> Keyring:
    """The keys of a session's database."""
    return Keyring(database_of(session), MASTER)


def sealed(folder: Path, database: Engine, master: bytes = MASTER) -> SealedMedia:
    """Pictures in a folder, sealed with keys from this database."""
    return SealedMedia(MediaFolder(folder), Keyring(database, master))
