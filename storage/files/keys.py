"""Keys that seal pictures and vectors: one per recording and per case, wrapped by the master key.

A key's row is deleted with its recording or case. No one can then read what it sealed, wherever
copies of it may be.
"""

import hashlib
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from sqlalchemy import inspect
from sqlmodel import Session, col, select

from atomic_file import atomic_write
from errors import KeyMissing, Purged, StoreUnavailable, WrongUsage
from storage.database.database import Engine, reading, writing
from storage.database.upsert import insert_if_new
from storage.tables import Case, DataKey, Recording

MASTER_BYTES = 32
_DATA_KEY_BITS = 512


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """An unwrapped key for AES-SIV (RFC 5297); sealing twice gives the same bytes."""

    id: int
    secret: bytes

    def seal(self, plain: bytes, about: bytes) -> bytes:
        """Encrypt and authenticate; `about` is authenticated too, and must be the same to open."""
        return AESSIV(self.secret).encrypt(plain, [about])

    def open(self, sealed: bytes, about: bytes) -> bytes | None:
        """Decrypt; None if it was altered, or sealed with another `about`."""
        try:
            return AESSIV(self.secret).decrypt(sealed, [about])
        except InvalidTag:
            return None


@dataclass(frozen=True, slots=True, repr=False)
class Keyring:
    """The keys of one archive. They are not cached: a destroyed key is gone at once."""

    database: Engine
    master: bytes

    def of_recording(self, recording_id: int) -> Key:
        """A recording's key, created if there is none. Raises Purged if it was purged."""
        return self._of("recording_id", recording_id)

    def of_case(self, case_id: int) -> Key:
        """A case's key, created if there is none. Raises Purged if it was purged."""
        return self._of("case_id", case_id)

    def by_id(self, key_id: int) -> Key | None:
        """A key, or None if it was destroyed. Raises WrongUsage under a different master key."""
        with reading(self.database) as session:
            row = session.get(DataKey, key_id)
        return None if row is None else self.unwrapped(row)

    def in_transaction(self, session: Session, case_id: int) -> Key:
        """`of_case`, inside the caller's transaction."""
        row = _find(session, "case_id", case_id) or self._make(session, "case_id", case_id)
        return self.unwrapped(row)

    def unwrapped(self, row: DataKey) -> Key:
        """Unwrap a stored key. Raises WrongUsage under a different master key."""
        try:
            return Key(row.id, aes_key_unwrap(self.master, row.wrapped))
        except InvalidUnwrap:
            raise _other_master() from None

    def _of(self, owner: str, owner_id: int) -> Key:
        with reading(self.database) as session:
            row = _find(session, owner, owner_id)
        if row is None:
            with writing(self.database) as session:
                row = self._make(session, owner, owner_id)
        return self.unwrapped(row)

    def _make(self, session: Session, owner: str, owner_id: int) -> DataKey:
        self.refuse_second_master(session)
        if session.get(Recording if owner == "recording_id" else Case, owner_id) is None:
            raise Purged("The target of this work was purged meanwhile; the work is dropped.")
        wrapped = aes_key_wrap(self.master, AESSIV.generate_key(_DATA_KEY_BITS))
        values = {owner: owner_id, "wrapped": wrapped, "master": self._fingerprint}
        insert_if_new(session, DataKey, **values)
        row = _find(session, owner, owner_id)
        assert row is not None
        return row

    def refuse_second_master(self, session: Session) -> None:
        """Raise WrongUsage if anything was sealed under a different master key."""
        others = select(DataKey.id).where(col(DataKey.master) != self._fingerprint).limit(1)
        if session.exec(others).first() is not None:
            raise _other_master()

    @property
    def _fingerprint(self) -> str:
        return hashlib.sha256(self.master).hexdigest()[:16]


def master_key(database: Engine, file: Path) -> bytes:
    """The archive's master key, 32 secret bytes; created if nothing has been sealed yet.

    Raises as `key_in`.
    """
    return key_in(file, "NIGHTREEL_KEY_FILE", is_used=lambda: anything_sealed(database))


def lost_master() -> bytes:
    """A random stand-in for a lost master key; it is never stored. It opens nothing, and nothing
    can be sealed with it while anything is sealed with the lost key."""
    return secrets.token_bytes(MASTER_BYTES)


def anything_sealed(database: Engine) -> bool:
    """Whether any picture or vector needs the master key; False for tables from before keys
    existed."""
    with reading(database) as session:
        if not inspect(session.connection()).has_table(DataKey.__tablename__):
            return False
        return session.exec(select(DataKey.id).limit(1)).first() is not None


def key_in(file: Path, setting: str, *, is_used: Callable[[], bool]) -> bytes:
    """32 secret bytes from a file; `setting` is the setting that names the file.

    If there is no file, a key is created, readable by its owner only, unless the missing one
    `is_used`: a new key would open nothing, and hide that the old one is missing. Raises KeyMissing
    in that case, WrongUsage for a file with other content, and StoreUnavailable if it cannot be
    read or created.
    """
    try:
        if not file.exists():
            if is_used():
                raise KeyMissing(
                    f"The key file {file} is missing, and this archive was sealed or signed with "
                    f"it; put it back from a copy, or let {setting} name it."
                )
            _make(file)
        master = file.read_bytes()
    except OSError as error:
        raise StoreUnavailable(
            f"The key file {file} cannot be read or made ({error.strerror}); check its folder."
        ) from error
    if len(master) != MASTER_BYTES:
        raise WrongUsage(f"{file} holds no key of {MASTER_BYTES} bytes; set {setting}.")
    return master


def _make(file: Path) -> None:
    # If two processes try at once, one creates the key and the other uses it.
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError), atomic_write(file, replace=False) as stream:
        stream.write(secrets.token_bytes(MASTER_BYTES))


def _find(session: Session, owner: str, owner_id: int) -> DataKey | None:
    return session.exec(select(DataKey).filter_by(**{owner: owner_id})).one_or_none()


def _other_master() -> WrongUsage:
    return WrongUsage(
        "The key file is not the one that this archive was sealed with; put that one back, "
        "or let NIGHTREEL_KEY_FILE name it."
    )
