"""Accounts, and the tokens that act for them."""

from dataclasses import asdict
from datetime import datetime

from pydantic import BaseModel, Field

from review.api.models.given import Words
from storage.access.accounts import Account, Role
from storage.access.tokens import Token


class RolesGiven(BaseModel):
    """What an account may do from now on, and nothing else."""

    roles: list[Role] = Field(min_length=1, max_length=len(Role), examples=[["analyst"]])


class AccountGiven(RolesGiven):
    """An account that is to be made."""

    name: Words = Field(description="Small letters, digits and `. _ @ + -`.", examples=["ann"])


class AccountAnswer(BaseModel):
    """An account as it stands."""

    id: int
    name: str = Field(examples=["ann"])
    roles: list[Role]
    state: str = Field(
        description="`active`, `password for one time`, `logs in elsewhere` or `disabled`.",
        examples=["active"],
    )
    created_at: datetime
    disabled_at: datetime | None
    used_at: datetime | None = Field(description="When somebody was last here with it.")

    @classmethod
    def of(cls, account: Account) -> "AccountAnswer":
        named = {name: getattr(account, name) for name in cls.model_fields}
        return cls(**named | {"roles": sorted(account.roles)})


class AccountsAnswer(BaseModel):
    """Some accounts, in the order in which they were made."""

    accounts: list[AccountAnswer]
    next: str | None = Field(description="The cursor of later ones.", examples=["12"])


class OpenedAnswer(AccountAnswer):
    """An account, and what opens it for one time: it is answered here and never again."""

    password: str = Field(examples=["h4Wq1ZyT0kPc5RbE"], repr=False)

    @classmethod
    def with_password(cls, account: Account, password: str) -> "OpenedAnswer":
        return cls(**AccountAnswer.of(account).model_dump(), password=password)


class TokenAnswer(BaseModel):
    """A token without its secret."""

    id: int
    account: str = Field(examples=["intake"])
    label: str = Field(examples=["case system"])
    roles: list[Role] = Field(description="Some of its account's; what that loses, it loses too.")
    is_good: bool = Field(description="Whether it was not revoked and is not over.")
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    used_at: datetime | None

    @classmethod
    def of(cls, token: Token, now: datetime) -> "TokenAnswer":
        state = {"roles": sorted(token.roles), "is_good": token.is_good(now)}
        return cls(**asdict(token) | state)


class TokensAnswer(BaseModel):
    """Some tokens, the newest first."""

    tokens: list[TokenAnswer]
    next: str | None = Field(description="The cursor of older ones.", examples=["-12"])
