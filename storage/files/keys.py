"""Keys that seal pictures and vectors: one a recording, one a case, wrapped by the master key.

A key's row goes with its recording or its case. What it sealed can then be read by nobody, wherever
a copy of it may lie.
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
    """A key as it is used; AES-SIV (RFC 5297), so that sealing twice gives the same bytes."""

    id: int
    secret: bytes

    def seal(self, plain: bytes, about: bytes) -> bytes:
        """Encrypt and sign; `about` is signed and has to be the same when it is opened."""
        return AESSIV(self.secret).encrypt(plain, [about])

    def open(self, sealed: bytes, about: bytes) -> bytes | None:
        """What was sealed; None where it was altered, or is `about` something else."""
        try:
            return AESSIV(self.secret).decrypt(sealed, [about])
        except InvalidTag:
            return None


@dataclass(frozen=True, slots=True, repr=False)
class Keyring:
    """The keys of one archive. Nothing is remembered: a key that was destroyed is gone at once."""

    database: Engine
    master: bytes

    def of_recording(self, recording_id: int) -> Key:
        """A recording's key, made where there is none. Raises Purged when it was purged."""
        return self._of("recording_id", recording_id)

    def of_case(self, case_id: int) -> Key:
        """A case's key, made where there is none. Raises Purged when it was purged."""
        return self._of("case_id", case_id)

    def by_id(self, key_id: int) -> Key | None:
        """A key, or None when it was destroyed. Raises WrongUsage under another master key."""
        with reading(self.database) as session:
            row = session.get(DataKey, key_id)
        return None if row is None else self.unwrapped(row)

    def in_transaction(self, session: Session, case_id: int) -> Key:
        """`of_case`, looked up and made in a transaction that goes on."""
        row = _find(session, "case_id", case_id) or self._make(session, "case_id", case_id)
        return self.unwrapped(row)

    def unwrapped(self, row: DataKey) -> Key:
        """A key as it is used. Raises WrongUsage under another master key."""
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
        """Raise WrongUsage where anything was sealed under another master key."""
        others = select(DataKey.id).where(col(DataKey.master) != self._fingerprint).limit(1)
        if session.exec(others).first() is not None:
            raise _other_master()

    @property
    def _fingerprint(self) -> str:
        return hashlib.sha256(self.master).hexdigest()[:16]


def master_key(database: Engine, file: Path) -> bytes:
    """The archive's master key, 32 secret bytes; made where nothing has been sealed yet.

    Raises as `key_in`.
    """
    return key_in(file, "NIGHTREEL_KEY_FILE", is_used=lambda: anything_sealed(database))


def lost_master() -> bytes:
    """Stands for a master key that is lost: it opens nothing, and nothing can be sealed with it
    while anything is sealed with the lost one. It is never written down."""
    return secrets.token_bytes(MASTER_BYTES)


def anything_sealed(database: Engine) -> bool:
    """Whether any picture or vector needs the master key; also of tables from before there were
    keys."""
    with reading(database) as session:
        if not inspect(session.connection()).has_table(DataKey.__tablename__):
            return False
        return session.exec(select(DataKey.id).limit(1)).first() is not None


def key_in(file: Path, setting: str, *, is_used: Callable[[], bool]) -> bytes:
    """32 secret bytes from a file; `setting` is what names another file.

    Where there is no file, a key is made for its owner alone, but not when the missing one
    `is_used`: a new key would open nothing, and hide that the old one is missing. Raises KeyMissing
    then, WrongUsage for a file that holds something else, StoreUnavailable where it cannot be read
    or made.
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
    # Of two processes one makes the key, and the other takes that.
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
