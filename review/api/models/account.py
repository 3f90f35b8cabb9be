"""The account a token acts for."""

from pydantic import BaseModel, Field

from review.visitors import Visitor
from storage.access.accounts import Role


class Me(BaseModel):
    """The account a token acts for."""

    account: str = Field(examples=["k.brandt"])
    roles: list[Role] = Field(description="Roles of the token.")

    @classmethod
    def of(cls, who: Visitor) -> "Me":
        return cls(account=who.name, roles=sorted(who.roles))
