"""Signed checkpoints of the audit log: what the chain cannot tell by itself is that its end is
missing, or that all of it was rewritten."""

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
    """So many entries there were at that time, the last with this hash."""

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
        """What is written into a file."""
        return asdict(self)

    def is_signed_by(self, public_key: str) -> bool:
        """Whether this key made the checkpoint as it stands."""
        try:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
            key.verify(bytes.fromhex(self.signature), _signed(self.document))
        except (InvalidSignature, ValueError):
            return False
        return self.public_key == public_key


def signing_key(database: Engine, file: Path) -> Ed25519PrivateKey:
    """The key that signs checkpoints; made where none has been signed yet. Raises as `key_in`."""
    secret = key_in(file, "NIGHTREEL_AUDIT_KEY_FILE", is_used=lambda: anything_signed(database))
    return Ed25519PrivateKey.from_private_bytes(secret)


def anything_signed(database: Engine) -> bool:
    """Whether a checkpoint is kept, which is only true with the key that signed it."""
    with reading(database) as session:
        return session.exec(select(AuditCheckpoint.id).limit(1)).first() is not None


def public_half(key: Ed25519PrivateKey) -> str:
    """What others need to check what a key has signed, 64 hex digits."""
    return key.public_key().public_bytes_raw().hex()


def make_checkpoint(session: Session, key: Ed25519PrivateKey, now: datetime) -> Checkpoint:
    """Sign how far the log has come, and keep that; nothing new signed again is the same one."""
    last = select(AuditEntry.id, AuditEntry.hash).order_by(col(AuditEntry.id).desc()).limit(1)
    count, digest = session.exec(last).first() or (0, BEGINNING)
    known = checkpoints(session)
    if known and (known[-1].count, known[-1].public_key) == (count, public_half(key)):
        return known[-1]
    at, mine = stamp(now), public_half(key)
    said: dict[str, Any] = {"count": count, "hash": digest, "at": at, "public_key": mine}
    signature = key.sign(_signed(said)).hex()
    session.add(AuditCheckpoint(**said, signature=signature))
    session.flush()
    return Checkpoint(**said, signature=signature)


def checkpoints(session: Session) -> list[Checkpoint]:
    """Every checkpoint that was kept, the oldest first."""
    rows = session.exec(select(AuditCheckpoint).order_by(col(AuditCheckpoint.id)))
    return [Checkpoint(**{name: getattr(row, name) for name in _NAMES}) for row in rows]


def read_checkpoint(text: str) -> Checkpoint:
    """A checkpoint from its file. Raises ValueError for anything else."""
    found = json.loads(text)
    if not isinstance(found, dict) or set(found) != set(_NAMES) or type(found["count"]) is not int:
        raise ValueError("no checkpoint")
    return Checkpoint(**{name: found[name] for name in _NAMES})


def _signed(said: Mapping[str, Any]) -> bytes:
    return canonical({name: said[name] for name in _NAMES if name != "signature"}).encode()


_NAMES = tuple(field.name for field in fields(Checkpoint))
