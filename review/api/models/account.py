"""Whom a token acts for."""

from pydantic import BaseModel, Field

from review.visitors import Visitor
from storage.access.accounts import Role


class Me(BaseModel):
    """Whom a token acts for."""

    account: str = Field(examples=["k.brandt"])
    roles: list[Role] = Field(description="What the token may do.")

    @classmethod
    def of(cls, who: Visitor) -> "Me":
        return cls(account=who.name, roles=sorted(who.roles))
