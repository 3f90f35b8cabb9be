"""Signed checkpoints of the audit log: they reveal a truncated or completely rewritten log, which
the chain by itself cannot."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlmodel import Session, col, select

from storage.access.chain import BEGINNING, canonical, stamp
from storage.database.database import Engine, reading
from storage.files.keys import key_in
from storage.tables import AuditCheckpoint, AuditEntry


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed record of the number of entries at a time, and of the last entry's hash."""

    count: int
    hash: str
    at: str
    """UTC, as `storage.access.chain.stamp` writes it."""
    public_key: str
    """Ed25519, 64 hex digits."""
    signature: str
    """Over the other four as canonical JSON, 128 hex digits."""

    @property
    def document(self) -> dict[str, object]:
        """The checkpoint as written into a file."""
        return asdict(self)

    def is_signed_by(self, public_key: str) -> bool:
        """Whether this key, 64 hex digits, signed exactly this checkpoint."""
        try:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
            key.verify(bytes.fromhex(self.signature), _signed(self.document))
        except (InvalidSignature, ValueError):
            return False
        return self.public_key == public_key


def signing_key(database: Engine, file: Path) -> Ed25519PrivateKey:
    """The key that signs checkpoints; created if none has been signed yet. Raises as `key_in`."""
    secret = key_in(file, "NIGHTREEL_AUDIT_KEY_FILE", is_used=lambda: anything_signed(database))
    return Ed25519PrivateKey.from_private_bytes(secret)


def anything_signed(database: Engine) -> bool:
    """Whether a signed checkpoint is stored, so that a new key must not be created."""
    with reading(database) as session:
        return session.exec(select(AuditCheckpoint.id).limit(1)).first() is not None


def public_half(key: Ed25519PrivateKey) -> str:
    """The public key that verifies a key's signatures, 64 hex digits."""
    return key.public_key().public_bytes_raw().hex()


def make_checkpoint(session: Session, key: Ed25519PrivateKey, now: datetime) -> Checkpoint:
    """Sign and store a checkpoint; returns the last one if there are no entries since."""
    last = select(AuditEntry.id, AuditEntry.hash).order_by(col(AuditEntry.id).desc()).limit(1)
    count, digest = session.exec(last).first() or (0, BEGINNING)
    earlier, public_key = checkpoints(session), public_half(key)
    if earlier and (earlier[-1].count, earlier[-1].public_key) == (count, public_key):
        return earlier[-1]
    values: dict[str, Any] = {"count": count, "hash": digest, "at": stamp(now)}
    values["public_key"] = public_key
    signature = key.sign(_signed(values)).hex()
    session.add(AuditCheckpoint(**values, signature=signature))
    session.flush()
    return Checkpoint(**values, signature=signature)


def checkpoints(session: Session) -> list[Checkpoint]:
    """All stored checkpoints, oldest first."""
    rows = session.exec(select(AuditCheckpoint).order_by(col(AuditCheckpoint.id)))
    return [Checkpoint(**{name: getattr(row, name) for name in _NAMES}) for row in rows]


def read_checkpoint(text: str) -> Checkpoint:
    """A checkpoint from its file. Raises ValueError for anything else."""
    values = json.loads(text)
    is_one = isinstance(values, dict) and set(values) == set(_NAMES)
    if not is_one or type(values["count"]) is not int:
        raise ValueError("no checkpoint")
    return Checkpoint(**{name: values[name] for name in _NAMES})


def _signed(values: Mapping[str, Any]) -> bytes:
    return canonical({name: values[name] for name in _NAMES if name != "signature"}).encode()


_NAMES = tuple(field.name for field in fields(Checkpoint))
