"""The audit log, and how far it had come."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, Text
from sqlmodel import Field

from storage.tables.base import IDS_NEVER_REUSED, Table


class AuditEntry(Table, table=True):
    """One act in the audit log, chained to the one before by its hash; never changed."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index(None, "case_id", "id"), Index(None, "action", "at"))
    id: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    """Its position: 1 for the first, and no number is left out."""
    at: datetime
    actor: str
    action: str
    case_id: int | None
    """No foreign key: the log outlives what it speaks of."""
    objects: str = Field(sa_type=Text)
    """Canonical JSON, as it was hashed."""
    hash: str


class AuditCheckpoint(Table, table=True):
    """How far the audit log had come at some time, signed; never changed."""

    __tablename__ = "audit_checkpoint"
    __table_args__ = (IDS_NEVER_REUSED,)
    id: int = Field(default=None, primary_key=True)
    count: int = Field(sa_type=BigInteger)
    hash: str
    at: str
    """As it was signed."""
    public_key: str
    signature: str
