"""Where one arrives: what there is to do for one's roles."""

from fastapi import Request, Response

from review.guard import router
from review.pages import page

routes = router()


@routes.get("/")
def home(request: Request) -> Response:
    """The home page."""
    return page(request, "home.html.j2")
