"""Accounts, and the tokens that act for them."""

from dataclasses import asdict
from datetime import datetime

from pydantic import BaseModel, Field

from review.api.models.given import Words
from storage.access.accounts import Account, Role
from storage.access.tokens import Token


class RolesGiven(BaseModel):
    """The new roles of an account."""

    roles: list[Role] = Field(min_length=1, max_length=len(Role), examples=[["analyst"]])


class AccountGiven(RolesGiven):
    """A new account."""

    name: Words = Field(description="Lower-case letters, digits and `. _ @ + -`.", examples=["ann"])


class AccountAnswer(BaseModel):
    """An account."""

    id: int
    name: str = Field(examples=["ann"])
    roles: list[Role]
    state: str = Field(
        description="`active`, `one-time password`, `external login` or `disabled`.",
        examples=["active"],
    )
    created_at: datetime
    disabled_at: datetime | None
    used_at: datetime | None = Field(description="Last login or use.")

    @classmethod
    def of(cls, account: Account) -> "AccountAnswer":
        named = {name: getattr(account, name) for name in cls.model_fields}
        return cls(**named | {"roles": sorted(account.roles)})


class AccountsAnswer(BaseModel):
    """A page of accounts, in order of creation."""

    accounts: list[AccountAnswer]
    next: str | None = Field(description="Cursor of the next page.", examples=["12"])


class OpenedAnswer(AccountAnswer):
    """An account with its one-time password, which is returned only here."""

    password: str = Field(examples=["h4Wq1ZyT0kPc5RbE"], repr=False)

    @classmethod
    def with_password(cls, account: Account, password: str) -> "OpenedAnswer":
        return cls(**AccountAnswer.of(account).model_dump(), password=password)


class TokenAnswer(BaseModel):
    """A token without its secret."""

    id: int
    account: str = Field(examples=["intake"])
    label: str = Field(examples=["case system"])
    roles: list[Role] = Field(
        description="A subset of the account's roles; a role the account loses is lost here too."
    )
    is_good: bool = Field(description="Whether it is neither revoked nor expired.")
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    used_at: datetime | None

    @classmethod
    def of(cls, token: Token, now: datetime) -> "TokenAnswer":
        state = {"roles": sorted(token.roles), "is_good": token.is_good(now)}
        return cls(**asdict(token) | state)


class TokensAnswer(BaseModel):
    """A page of tokens, newest first."""

    tokens: list[TokenAnswer]
    next: str | None = Field(description="Cursor of the next page.", examples=["-12"])
