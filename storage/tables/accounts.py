"""Accounts, browser sessions and API tokens."""

from datetime import datetime

from sqlalchemy import JSON, UniqueConstraint
from sqlmodel import Field

from storage.tables.base import IDS_NEVER_REUSED, Table, unique


class Account(Table, table=True):
    """A user account."""

    __table_args__ = (UniqueConstraint("name"), UniqueConstraint("subject"), IDS_NEVER_REUSED)
    id: int = Field(default=None, primary_key=True)
    name: str
    password_hash: str | None = Field(default=None, repr=False)
    """None for an account of an OIDC provider."""
    must_change_password: bool = False
    roles: list[str] = Field(sa_type=JSON)
    subject: str | None = None
    """Issuer and subject of an OIDC provider."""
    created_at: datetime
    disabled_at: datetime | None = None
    used_at: datetime | None = None
    """Last use by a logged-in user or a token, to the minute."""


class WebSession(Table, table=True):
    """A logged-in browser; the token itself is in its cookie only."""

    __tablename__ = "web_session"
    __table_args__ = unique("token_sha256")
    id: int = Field(default=None, primary_key=True)
    token_sha256: str = Field(repr=False)
    account_id: int = Field(foreign_key="account.id", ondelete="CASCADE", index=True)
    began_at: datetime
    used_at: datetime


class ApiToken(Table, table=True):
    """The API token of a program; only its hash is stored."""

    __tablename__ = "api_token"
    __table_args__ = unique("token_sha256")
    id: int = Field(default=None, primary_key=True)
    token_sha256: str = Field(repr=False)
    account_id: int = Field(foreign_key="account.id", ondelete="CASCADE", index=True)
    label: str
    roles: list[str] = Field(sa_type=JSON)
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    used_at: datetime | None = None
