"""The account the token acts for."""

from review.api.models.account import Me
from review.api.routing import routes_of
from review.visitors import Who

routes = routes_of("account")


@routes.get("/me")
def me(who: Who) -> Me:
    """The account the token acts for, and its roles."""
    return Me.of(who)
