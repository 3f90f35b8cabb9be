"""The audit log and its checkpoints."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, Text
from sqlmodel import Field

from storage.tables.base import IDS_NEVER_REUSED, Table


class AuditEntry(Table, table=True):
    """One act in the audit log, chained to the previous entry by its hash; never changed."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index(None, "case_id", "id"),
        Index(None, "case_id", "action"),
        Index(None, "action", "at"),
    )
    id: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    """Its position, from 1 without gaps."""
    at: datetime
    actor: str
    action: str
    case_id: int | None
    """No foreign key: the log outlives the case."""
    objects: str = Field(sa_type=Text)
    """Canonical JSON, as hashed."""
    hash: str


class AuditCheckpoint(Table, table=True):
    """A signed record of the end of the audit log at some time; never changed."""

    __tablename__ = "audit_checkpoint"
    __table_args__ = (IDS_NEVER_REUSED,)
    id: int = Field(default=None, primary_key=True)
    count: int = Field(sa_type=BigInteger)
    hash: str
    at: str
    """As text, as signed."""
    public_key: str
    signature: str
