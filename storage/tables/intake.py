"""Uploads, and rejected files of the watched folder."""

from datetime import datetime

from sqlalchemy import BigInteger
from sqlmodel import Field

from storage.tables.base import Table, unique


class Upload(Table, table=True):
    """A file uploaded on the page."""

    id: str = Field(primary_key=True)
    account_id: int = Field(foreign_key="account.id", ondelete="CASCADE", index=True)
    actor: str
    case_id: int | None = Field(default=None, foreign_key="case.id", ondelete="SET NULL")
    name: str
    size_bytes: int = Field(sa_type=BigInteger)
    stage: str
    began_at: datetime
    touched_at: datetime
    recording_id: int | None = Field(
        default=None, foreign_key="recording.id", ondelete="SET NULL", index=True
    )
    analysis_id: int | None = Field(
        default=None, foreign_key="analysis.id", ondelete="SET NULL", index=True
    )
    known_before: bool = False
    reason: str | None = None


class Refusal(Table, table=True):
    """A rejected file of the watched folder, as it was when rejected."""

    __table_args__ = unique("path")
    id: int = Field(default=None, primary_key=True)
    path: bytes
    name: str
    size_bytes: int = Field(sa_type=BigInteger)
    modified_ns: int = Field(sa_type=BigInteger)
    reason: str
    refused_at: datetime
