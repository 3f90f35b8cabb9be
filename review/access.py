"""The one table of who may use which route; `review.guard` checks every route against it."""

from dataclasses import dataclass
from typing import Any

from review.visitors import Visitor
from storage.access.accounts import MANAGER, Role

UPLOADER, ANALYST, REVIEWER = Role.UPLOADER, Role.ANALYST, Role.REVIEWER
SUPERVISOR, AUDITOR, OPERATOR = Role.SUPERVISOR, Role.AUDITOR, Role.OPERATOR
HAND_IN = (UPLOADER, ANALYST, SUPERVISOR)
SEE_FOOTAGE = (UPLOADER, ANALYST, REVIEWER, SUPERVISOR)
"""An uploader sees their own uploads."""
SEE_QUEUE = (OPERATOR, SUPERVISOR)


@dataclass(frozen=True, slots=True)
class Access:
    """What a route requires of a visitor."""

    roles: frozenset[Role]
    """One of these is enough."""
    public: bool = False
    """No login is needed."""
    polled: bool = False
    """Pages request it automatically: a request does not show that a user is active."""
    most_bytes: int | None = 1_000_000
    """The largest request body; None for a stream whose size is checked elsewhere."""


def only(*roles: Role, **others: Any) -> Access:
    """For accounts with one of these roles."""
    return Access(frozenset(roles), **others)


PUBLIC = Access(frozenset(), public=True)
ANYBODY = Access(frozenset(Role))
"""Every account that has logged in."""
WHOEVER_LOOKS = only(ANALYST, REVIEWER, SUPERVISOR)
"""Accounts that may view faces."""
MANAGES = only(MANAGER)
"""Accounts that manage accounts."""
CASEWORK = only(ANALYST, SUPERVISOR)
MOST_PHOTO_BYTES = 100_000_000
WHOEVER_SEARCHES = only(ANALYST, SUPERVISOR)
CANDIDATE = "/candidates/{case_id}/{person}/{appearance}"
API_CASE = "/api/v1/cases/{case_id}"
API_CANDIDATE = f"{API_CASE}/candidates/{{person}}/{{appearance}}"
API_REVIEW = "/api/v1/review/{case_id}"

ACCESS: dict[str, Access] = {
    "GET /login": PUBLIC,
    "POST /login": PUBLIC,
    "GET /login/provider": PUBLIC,
    "GET /login/provider/answer": PUBLIC,
    "POST /logout": ANYBODY,
    "GET /password": ANYBODY,
    "POST /password": ANYBODY,
    "GET /": ANYBODY,
    "GET /retention": only(SUPERVISOR),
    "POST /retention/case": only(SUPERVISOR),
    "POST /retention/due": only(SUPERVISOR),
    "GET /review": only(REVIEWER),
    "GET /review/{case_id}": only(REVIEWER),
    "GET /review/{case_id}/{person}/{appearance}": only(REVIEWER),
    "POST /review/{case_id}/{person}/{appearance}/verdict": only(REVIEWER),
    "POST /review/{case_id}/{person}/{appearance}/undo": only(REVIEWER),
    "GET /cases": CASEWORK,
    "POST /cases": CASEWORK,
    "GET /cases/{case_id}": CASEWORK,
    "POST /cases/{case_id}/change": CASEWORK,
    "POST /cases/{case_id}/authorise": only(SUPERVISOR),
    "POST /cases/{case_id}/refuse": only(SUPERVISOR),
    "POST /cases/{case_id}/close": only(SUPERVISOR),
    "POST /cases/{case_id}/people": only(ANALYST, most_bytes=MOST_PHOTO_BYTES),
    "GET /cases/{case_id}/photos/{photo}": CASEWORK,
    "GET /cases/{case_id}/candidates": CASEWORK,
    "GET /cases/{case_id}/changes": CASEWORK,
    "GET /cases/{case_id}/candidates/{person}/{appearance}": CASEWORK,
    "POST /cases/{case_id}/candidates/{person}/{appearance}/override": only(SUPERVISOR),
    "POST /cases/{case_id}/export": only(SUPERVISOR),
    "POST /cases/{case_id}/decoys": only(SUPERVISOR),
    "POST /cases/{case_id}/decoys/stop": only(SUPERVISOR),
    "GET /search": only(ANALYST),
    "POST /search": only(ANALYST, most_bytes=MOST_PHOTO_BYTES),
    "GET /search/{case_id}/{appearance}/crops/{place}": only(ANALYST),
    f"GET {CANDIDATE}/crops/{{place}}": WHOEVER_LOOKS,
    f"GET {CANDIDATE}/references/{{reference}}": WHOEVER_LOOKS,
    f"GET {CANDIDATE}/clip.mp4": WHOEVER_LOOKS,
    f"GET {CANDIDATE}/clip-unblurred.mp4": WHOEVER_LOOKS,
    "GET /groups": WHOEVER_SEARCHES,
    "GET /groups/{case_id}": WHOEVER_SEARCHES,
    "POST /groups/{case_id}/make": WHOEVER_SEARCHES,
    "POST /groups/{case_id}/merge": WHOEVER_SEARCHES,
    "GET /groups/{case_id}/{group_id}": WHOEVER_SEARCHES,
    "POST /groups/{case_id}/{group_id}/split": WHOEVER_SEARCHES,
    "POST /groups/{case_id}/{group_id}/promote": WHOEVER_SEARCHES,
    "GET /groups/{case_id}/{group_id}/crops/{appearance}": WHOEVER_SEARCHES,
    "GET /recordings": only(*SEE_FOOTAGE),
    "GET /recordings/list": only(*SEE_FOOTAGE, polled=True),
    "GET /recordings/{analysis_id}": only(*SEE_FOOTAGE),
    "POST /recordings/{analysis_id}/captured": only(*HAND_IN),
    "OPTIONS /uploads": only(*HAND_IN),
    "POST /uploads": only(*HAND_IN),
    "HEAD /uploads/{upload_id}": only(*HAND_IN),
    "PATCH /uploads/{upload_id}": only(*HAND_IN, most_bytes=None),
    "DELETE /uploads/{upload_id}": only(*HAND_IN),
    "GET /queue": only(*SEE_QUEUE),
    "GET /queue/state": only(*SEE_QUEUE, polled=True),
    "GET /accounts": MANAGES,
    "POST /accounts": MANAGES,
    "POST /accounts/{account_id}/password": MANAGES,
    "POST /accounts/{account_id}/roles": MANAGES,
    "POST /accounts/{account_id}/disable": MANAGES,
    "POST /accounts/{account_id}/enable": MANAGES,
    "POST /accounts/tokens/{token_id}/revoke": MANAGES,
    "GET /audit": only(AUDITOR),
    "POST /audit/check": only(AUDITOR),
    "GET /audit/export": only(AUDITOR),
    "POST /audit/checkpoint": only(AUDITOR),
    "GET /api/v1/openapi.json": PUBLIC,
    "GET /api/v1/docs": PUBLIC,
    "GET /api/v1/me": ANYBODY,
    "GET /api/v1/recordings": only(*SEE_FOOTAGE),
    "GET /api/v1/recordings/{analysis_id}": only(*SEE_FOOTAGE),
    "GET /api/v1/uploads": only(*HAND_IN),
    "OPTIONS /api/v1/uploads": only(*HAND_IN),
    "POST /api/v1/uploads": only(*HAND_IN),
    "HEAD /api/v1/uploads/{upload_id}": only(*HAND_IN),
    "PATCH /api/v1/uploads/{upload_id}": only(*HAND_IN, most_bytes=None),
    "DELETE /api/v1/uploads/{upload_id}": only(*HAND_IN),
    "GET /api/v1/legal-bases": CASEWORK,
    "GET /api/v1/cases": CASEWORK,
    "POST /api/v1/cases": CASEWORK,
    f"GET {API_CASE}": CASEWORK,
    f"PATCH {API_CASE}": CASEWORK,
    f"POST {API_CASE}/authorisation": only(SUPERVISOR),
    f"POST {API_CASE}/authorisation/refusal": only(SUPERVISOR),
    f"POST {API_CASE}/close": only(SUPERVISOR),
    f"GET {API_CASE}/footage": CASEWORK,
    f"POST {API_CASE}/footage": CASEWORK,
    f"DELETE {API_CASE}/footage/{{recording}}": CASEWORK,
    f"GET {API_CASE}/people": CASEWORK,
    f"POST {API_CASE}/people": only(ANALYST, most_bytes=MOST_PHOTO_BYTES),
    f"DELETE {API_CASE}/people/{{person}}": CASEWORK,
    f"GET {API_CASE}/photos/{{photo}}": CASEWORK,
    f"DELETE {API_CASE}/photos/{{photo}}": CASEWORK,
    f"GET {API_CASE}/candidates": CASEWORK,
    f"GET {API_CANDIDATE}": CASEWORK,
    f"POST {API_CANDIDATE}/override": only(SUPERVISOR),
    f"GET {API_CANDIDATE}/crops/{{place}}": WHOEVER_LOOKS,
    f"GET {API_CANDIDATE}/references/{{reference}}": WHOEVER_LOOKS,
    f"GET {API_CANDIDATE}/clip.mp4": WHOEVER_LOOKS,
    f"GET {API_CANDIDATE}/clip-unblurred.mp4": WHOEVER_LOOKS,
    f"GET {API_CASE}/changes": CASEWORK,
    f"POST {API_CASE}/decoys": only(SUPERVISOR),
    f"DELETE {API_CASE}/decoys": only(SUPERVISOR),
    "GET /api/v1/review": only(REVIEWER),
    f"GET {API_REVIEW}": only(REVIEWER),
    f"GET {API_REVIEW}/{{person}}/{{appearance}}": only(REVIEWER),
    f"POST {API_REVIEW}/{{person}}/{{appearance}}/verdict": only(REVIEWER),
    f"DELETE {API_REVIEW}/{{person}}/{{appearance}}/verdict": only(REVIEWER),
    f"POST {API_CASE}/search": only(ANALYST, most_bytes=MOST_PHOTO_BYTES),
    f"GET {API_CASE}/appearances/{{appearance}}/crops/{{place}}": only(ANALYST),
    f"GET {API_CASE}/groups": WHOEVER_SEARCHES,
    f"POST {API_CASE}/groups/make": WHOEVER_SEARCHES,
    f"POST {API_CASE}/groups/merge": WHOEVER_SEARCHES,
    f"GET {API_CASE}/groups/{{group}}": WHOEVER_SEARCHES,
    f"POST {API_CASE}/groups/{{group}}/split": WHOEVER_SEARCHES,
    f"POST {API_CASE}/groups/{{group}}/promote": WHOEVER_SEARCHES,
    f"GET {API_CASE}/groups/{{group}}/crops/{{appearance}}": WHOEVER_SEARCHES,
    f"POST {API_CASE}/export": only(SUPERVISOR),
    f"POST {API_CASE}/purge": only(SUPERVISOR),
    "GET /api/v1/retention": only(SUPERVISOR),
    "POST /api/v1/retention/due": only(SUPERVISOR),
    "GET /api/v1/queue": only(*SEE_QUEUE),
    "GET /api/v1/accounts": MANAGES,
    "POST /api/v1/accounts": MANAGES,
    "GET /api/v1/accounts/tokens": MANAGES,
    "DELETE /api/v1/accounts/tokens/{token_id}": MANAGES,
    "GET /api/v1/accounts/{account_id}": MANAGES,
    "PUT /api/v1/accounts/{account_id}/roles": MANAGES,
    "POST /api/v1/accounts/{account_id}/password": MANAGES,
    "POST /api/v1/accounts/{account_id}/disable": MANAGES,
    "POST /api/v1/accounts/{account_id}/enable": MANAGES,
    "GET /api/v1/audit": only(AUDITOR),
    "GET /api/v1/audit/searches": only(AUDITOR),
    "GET /api/v1/audit/export": only(AUDITOR),
    "POST /api/v1/audit/check": only(AUDITOR),
    "POST /api/v1/audit/checkpoint": only(AUDITOR),
}
"""Method and path of every route. A new route needs a line here."""


def may(visitor: Visitor, name: str) -> bool:
    """Whether a visitor may use a route; False for one that does not exist."""
    access = ACCESS.get(name)
    return access is not None and (access.public or bool(access.roles & visitor.roles))
