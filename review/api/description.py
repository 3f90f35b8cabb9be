"""The API's description, for programs and for people."""

from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse

from review.access import ACCESS
from review.api.examples import with_examples
from review.api.routing import routes_of
from review.pages import page

VERSION = "1"
ABOUT = """
What the pages do, for programs. Whoever runs the machine makes a token for it with
`nightreel token add ACCOUNT --role ROLE`; every request brings `Authorization: Bearer TOKEN`.
A token acts for its account with the roles it was given, and all it does is in the audit log
under its number.

What is not done is answered with a sentence in `detail`. Long lists come a piece at a time: `next`
is the `cursor` of the next piece. Moments are ISO 8601 with their zone, lengths of time in
milliseconds.

A machine's result is a candidate, for people to judge.
"""
routes = routes_of("description")


@routes.get("/openapi.json", include_in_schema=False)
def describe(request: Request) -> Response:
    """This API's description."""
    return JSONResponse(description(request.app))


@routes.get("/docs", include_in_schema=False)
def show_docs(request: Request) -> Response:
    """The same for people; it needs nothing from elsewhere."""
    return page(request, "api.html.j2", api=description(request.app))


def description(app: FastAPI) -> dict[str, Any]:
    """The API as OpenAPI has it, with examples and the roles that each operation asks for."""
    made = get_openapi(title="Nightreel", version=VERSION, description=ABOUT, routes=app.routes)
    token = {"type": "http", "scheme": "bearer", "description": "`nightreel token add`"}
    made["components"]["securitySchemes"] = {"token": token}
    made["security"] = [{"token": []}]
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            roles = sorted(ACCESS[f"{method.upper()} {path}"].roles)
            operation["x-roles"] = roles
            operation["description"] = (
                f"{operation.get('description', '')}\n\nRoles: {', '.join(roles)}.".strip()
            )
    return with_examples(made)
