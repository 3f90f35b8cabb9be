"""What all routes of the API have in common: where they are, and how they say no."""

from http import HTTPStatus

from fastapi import APIRouter

from review.access import API_CASE
from review.api.models.said import Said
from review.files import Responses
from review.guard import router

PREFIX = "/api/v1"
CASE = API_CASE
MEANINGS = {
    HTTPStatus.BAD_REQUEST: "It makes no sense as it was asked.",
    HTTPStatus.UNAUTHORIZED: "No token was shown that is good.",
    HTTPStatus.FORBIDDEN: "The token has no role for it, or no case in force allows it.",
    HTTPStatus.NOT_FOUND: "It is not there.",
    HTTPStatus.CONFLICT: "It is in another state than the request takes for granted.",
    HTTPStatus.GONE: "It was purged, or is found no longer.",
    HTTPStatus.PRECONDITION_FAILED: "It was asked in another version of the protocol.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "More bytes came than are taken.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The bytes came as another kind.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "A value, or every photo, cannot be used as it was given.",
    HTTPStatus.LOCKED: "The case waits for its authorisation, or somebody else is at it.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The database or the disk does not answer now.",
    HTTPStatus.INSUFFICIENT_STORAGE: "The disk has no room.",
}


def said(*statuses: int) -> Responses:
    """Answers that are a sentence, as the description has them."""
    return {one: {"model": Said, "description": MEANINGS[HTTPStatus(one)]} for one in statuses}


ALWAYS = said(400, 401, 403, 422, 503)
"""Every route may answer so."""
IN_A_CASE = ALWAYS | said(410, 423)
"""Every route in a case may answer so."""
FOUND = said(404)
SETTLED = said(409)


def routes_of(noun: str, prefix: str = PREFIX) -> APIRouter:
    """A router for the routes of one noun, which is what the description files them under."""
    responses = IN_A_CASE if prefix.startswith(CASE) else ALWAYS
    return router(prefix, tags=[noun], responses=responses)
