"""What all routes of the API have in common: their prefix and their error responses."""

from http import HTTPStatus

from fastapi import APIRouter

from review.access import API_CASE
from review.api.models.said import Said
from review.files import Responses
from review.guard import router

PREFIX = "/api/v1"
CASE = API_CASE
MEANINGS = {
    HTTPStatus.BAD_REQUEST: "Malformed request.",
    HTTPStatus.UNAUTHORIZED: "Missing or invalid token.",
    HTTPStatus.FORBIDDEN: "The token lacks the role, or no case in force allows it.",
    HTTPStatus.NOT_FOUND: "Not found.",
    HTTPStatus.CONFLICT: "Conflict with the current state.",
    HTTPStatus.GONE: "Purged or no longer available.",
    HTTPStatus.PRECONDITION_FAILED: "Unsupported protocol version.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Request too large.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "Unsupported media type.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Invalid value, or no usable photo.",
    HTTPStatus.LOCKED: "The case is locked until it is authorised, or the resource is in use.",
    HTTPStatus.SERVICE_UNAVAILABLE: "Database or storage unavailable.",
    HTTPStatus.INSUFFICIENT_STORAGE: "Disk full.",
}


def said(*statuses: int) -> Responses:
    """Error responses of these statuses, as the description has them."""
    return {
        status: {"model": Said, "description": MEANINGS[HTTPStatus(status)]} for status in statuses
    }


ALWAYS = said(400, 401, 403, 422, 503)
"""Error responses that every route may give."""
IN_A_CASE = ALWAYS | said(410, 423)
"""Error responses that every route in a case may give."""
FOUND = said(404)
SETTLED = said(409)


def routes_of(noun: str, prefix: str = PREFIX) -> APIRouter:
    """A router for the routes of one noun, which is their tag in the description."""
    responses = IN_A_CASE if prefix.startswith(CASE) else ALWAYS
    return router(prefix, tags=[noun], responses=responses)
