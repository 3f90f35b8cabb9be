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
What the pages do, for programs. Whoever runs the machine makes a token for it with
`nightreel token add ACCOUNT --role ROLE`; every request brings `Authorization: Bearer TOKEN`.
A token acts for its account with the roles it was given, and all it does is in the audit log
under its number.

What is not done is answered with a sentence in `detail`. Long lists come a piece at a time: `next`
is the `cursor` of the next piece. Moments are ISO 8601 with their zone, lengths of time in
milliseconds.

A machine's result is a candidate, for people to judge.
"""
NOUNS = {
    "account": "Whom a token acts for.",
    "recordings": "Footage, and how far each recording has been watched.",
    "uploads": "Handing files in, by the tus protocol 1.0: a line that breaks does no harm.",
    "cases": "What allows a search until when, and what came of it.",
    "footage": "Recordings that were added for a case.",
    "people": "Whom a case looks for, and the verdict on each photo.",
    "candidates": "Appearances ranked for a person, and what rematches changed.",
    "pictures": "Pictures and clips of candidates; each look is in the audit log.",
    "decoys": "Known strangers among the candidates, to measure the reviewers.",
    "review": "One candidate after the other, and a reviewer's verdict on each.",
    "search": "Somebody's photos against a case's footage; nobody is enrolled.",
    "groups": "Who else appears often in a case, where it allows that.",
    "export": "What two people support, to be taken elsewhere.",
    "retention": "What is kept for how long, and erasing it.",
    "queue": "What waits and runs, for those who run the machine.",
    "accounts": "Who may log in, and what each may do; the tokens that act for them.",
    "audit": "Who did what, and whether the log is whole.",
}
"""In the order of the work."""
routes = routes_of("description")


@routes.get("/openapi.json", include_in_schema=False)
def describe(request: Request) -> Response:
    """This API's description."""
    return JSONResponse(description(request.app))


@routes.get("/docs", include_in_schema=False)
def show_docs(request: Request) -> Response:
    """The same for people; it needs nothing from elsewhere."""
    described = description(request.app)
    return page(request, "api.html.j2", api=described, examples_of=examples_of)


def description(app: FastAPI) -> dict[str, Any]:
    """The API as OpenAPI has it, with examples and the roles that each operation asks for."""
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
            answer["description"] = "All is well."
