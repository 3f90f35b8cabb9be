"""The API's description, for programs and for people."""

from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse

from review.access import ACCESS
from review.api.examples import examples_of, with_examples
from review.api.routing import routes_of
from review.pages import page

VERSION = "1"
ABOUT = """
The functions of the web interface, for programs. An operator creates a token with
`nightreel token add ACCOUNT --role ROLE`; send it as `Authorization: Bearer TOKEN`.
A token acts for its account with the roles it was given. The audit log records its actions under
its number.

Errors return one sentence in `detail`. Long lists are paged: `next` is the `cursor` of the next
page. Times are ISO 8601 with a time zone, durations in milliseconds.

Every result is a candidate, for human review.
"""
NOUNS = {
    "account": "The account a token acts for.",
    "recordings": "Recordings and their processing status.",
    "uploads": "Uploads by the tus protocol 1.0; interrupted uploads resume.",
    "cases": "Legal basis, scope, expiry and results.",
    "footage": "Recordings added for a case.",
    "people": "Persons of interest and their reference photos.",
    "candidates": "Appearances ranked for a person, and changes since the last comparison.",
    "pictures": "Pictures and clips of candidates; every view is logged.",
    "decoys": "Known non-matches among the candidates, for the reviewer quality check.",
    "review": "Candidates one at a time, and the reviewer's verdict on each.",
    "search": "Search the footage of a case by photo, without adding a person.",
    "groups": "Unknown faces that appear repeatedly, in cases that allow grouping.",
    "export": "Evidence package of the supported candidates.",
    "retention": "Retention periods and purging.",
    "queue": "Processing queue and system status.",
    "accounts": "User accounts, their roles and tokens.",
    "audit": "Audit log and its verification.",
}
"""In the order in which the work is done."""
routes = routes_of("description")


@routes.get("/openapi.json", include_in_schema=False)
def describe(request: Request) -> Response:
    """This API's description."""
    return JSONResponse(description(request.app))


@routes.get("/docs", include_in_schema=False)
def show_docs(request: Request) -> Response:
    """The same as a page for people, which loads nothing from other hosts."""
    described = description(request.app)
    return page(request, "api.html.j2", api=described, examples_of=examples_of)


def description(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI description, with examples and the roles that each operation requires."""
    made = get_openapi(title="Nightreel", version=VERSION, description=ABOUT, routes=app.routes)
    token = {"type": "http", "scheme": "bearer", "description": "`nightreel token add`"}
    made["components"]["securitySchemes"] = {"token": token}
    made["security"] = [{"token": []}]
    made["tags"] = [{"name": name, "description": about} for name, about in NOUNS.items()]
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            _say_that_all_is_well(operation["responses"])
            roles = sorted(ACCESS[f"{method.upper()} {path}"].roles)
            operation["x-roles"] = roles
            operation["description"] = (
                f"{operation.get('description', '')}\n\nRoles: {', '.join(roles)}.".strip()
            )
    return with_examples(made)


def _say_that_all_is_well(responses: dict[str, Any]) -> None:
    for answer in responses.values():
        if answer["description"] == "Successful Response":
            answer["description"] = "Success."
