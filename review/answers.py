"""Errors become a page or a JSON sentence with the right status, never a traceback."""

import logging
from http import HTTPStatus
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.exceptions import HTTPException

import errors
from errors import NightreelError
from review.guard import API, PasswordExpected
from review.headers import ALWAYS
from review.pages import page

log = logging.getLogger(__name__)

TUS = ("tus-resumable",)
"""The header that every answer of the upload protocol has."""
UNFORESEEN = "An unexpected error occurred; see the server log. Try again later."
SENTENCES = {
    404: "Page not found.",
    405: "Method not allowed.",
    413: "The request is too large.",
}


def explain_errors(app: FastAPI) -> None:
    """Register the error handlers of an app."""
    app.add_exception_handler(NightreelError, _explained)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(RequestValidationError, _not_understood)
    app.add_exception_handler(Exception, _unforeseen)


def answer(request: Request, status: int, sentence: str) -> Response:
    """The error in the form that the client expects: JSON for programs, a page for people, and
    the sentence alone for a page's own request."""
    if not _asked_by_a_page(request):
        speaks = {name: request.headers[name] for name in TUS if name in request.headers}
        return JSONResponse({"detail": sentence}, status, speaks)
    part = "HX-Request" in request.headers
    shown = page(
        request,
        "said.html.j2" if part else "error.html.j2",
        status=status,
        sentence=sentence,
        title=HTTPStatus(status).phrase,
    )
    if part:
        shown.headers["HX-Retarget"], shown.headers["HX-Reswap"] = "#said", "innerHTML"
    return shown


def _asked_by_a_page(request: Request) -> bool:
    wants_json = "text/html" not in request.headers.get("accept", "text/html")
    part = "HX-Request" in request.headers
    program = request.url.path.startswith(API) or wants_json or TUS[0] in request.headers
    return part or not program


async def _explained(request: Request, error: Exception) -> Response:
    assert isinstance(error, NightreelError)
    status = error.http_status
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("%s", type(error).__name__)
    if _asked_by_a_page(request) and (place := _elsewhere(request, error)):
        return _sent(request, place)
    shown = answer(request, status, str(error))
    if status == HTTPStatus.UNAUTHORIZED:
        shown.headers["WWW-Authenticate"] = "Bearer"
    return shown


def _elsewhere(request: Request, error: NightreelError) -> str:
    if isinstance(error, errors.NotLoggedIn):
        back = request.url.path if request.method == "GET" else "/"
        return "/login" if back == "/" else f"/login?next={quote(back)}"
    return "/password" if isinstance(error, PasswordExpected) else ""


def _sent(request: Request, place: str) -> Response:
    if "HX-Request" in request.headers:
        return Response(status_code=HTTPStatus.UNAUTHORIZED, headers={"HX-Redirect": place})
    return RedirectResponse(place, HTTPStatus.SEE_OTHER)


async def _of_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    sentence = SENTENCES.get(error.status_code, f"{error.detail}.")
    shown = answer(request, error.status_code, sentence)
    shown.headers.update(error.headers or {})
    return shown


async def _not_understood(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    fields = sorted({str(part["loc"][-1]) for part in error.errors()})
    sentence = f"Invalid value: {', '.join(fields)}."
    return answer(request, HTTPStatus.UNPROCESSABLE_ENTITY, sentence)


async def _unforeseen(request: Request, _: Exception) -> Response:
    """The server logs the exception, because it is raised again after this."""
    shown = answer(request, HTTPStatus.INTERNAL_SERVER_ERROR, UNFORESEEN)
    shown.headers.update(ALWAYS)  # no middleware sees this answer
    return shown
