"""The home page: what there is to do for the visitor's roles."""

from fastapi import Request, Response

from pipeline.governance.setup import setup_so_far
from review.first_steps import first_steps
from review.guard import router
from review.pages import page
from review.visitors import Asked, Who

routes = router()


@routes.get("/")
def home(request: Request, asked: Asked, who: Who) -> Response:
    """The home page, with the first steps of a new installation."""
    steps = first_steps(setup_so_far(asked), who)
    return page(request, "home.html.j2", first_steps=steps)
