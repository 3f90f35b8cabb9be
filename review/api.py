"""The pages' actions as a REST API for programs: the same steps, the same guard, a token each."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request, Response
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse

from pipeline.cases import list_cases
from review import audit, queue, recordings
from review.access import ACCESS
from review.api_models import (
    AuditAnswer,
    CaseAnswer,
    CheckedAnswer,
    CheckpointAnswer,
    EntryAnswer,
    Me,
    QueueAnswer,
    RecordingAnswer,
    RecordingsAnswer,
    Said,
    UploadAnswer,
)
from review.guard import router
from review.pages import page
from review.recordings import First
from review.site import OurSite
from review.tus import routes_at
from review.visitors import Who
from storage.audit import Action

VERSION = "1"
ABOUT = """
What the pages do, for programs. Whoever runs the machine makes a token for it with
`nightreel token add ACCOUNT --role ROLE`; every request brings `Authorization: Bearer TOKEN`.
A token acts for its account with the roles it was given, and all it does is in the audit log.

What is not done is answered with a sentence in `detail`. A machine's result is a candidate, for
people to judge.
"""


def _said(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {
        status: {"model": Said, "description": HTTPStatus(status).phrase} for status in statuses
    }


GUARDED = _said(400, 401, 403, 422, 503)
FOUND = _said(404)
routes = router("/api/v1", responses=GUARDED)
upload_routes = routes_at(
    "/api/v1/uploads",
    tags=["uploads"],
    responses=GUARDED | _said(404, 409, 412, 413, 415, 423, 507),
)


@routes.get("/openapi.json", include_in_schema=False)
def describe(request: Request) -> Response:
    """This API's description."""
    return JSONResponse(description(request.app))


@routes.get("/docs", include_in_schema=False)
def show_docs(request: Request) -> Response:
    """The same for people; it needs nothing from elsewhere."""
    return page(request, "api.html.j2", api=description(request.app))


@routes.get("/me", tags=["account"])
def me(who: Who) -> Me:
    """Whom the token acts for, and as what."""
    return Me.of(who)


@routes.get("/recordings", tags=["recordings"])
def list_recordings(ours: OurSite, who: Who, first: First = 0) -> RecordingsAnswer:
    """Twenty recordings, the newest first, from the one with this many newer ones on."""
    listed = recordings.list_recordings(ours, who, first)
    shown = [RecordingAnswer.of(one) for one in listed.recordings]
    return RecordingsAnswer(recordings=shown, more=listed.more)


@routes.get("/recordings/{analysis_id}", tags=["recordings"], responses=FOUND)
def one_recording(analysis_id: recordings.Number, ours: OurSite, who: Who) -> RecordingAnswer:
    """One recording as it stands."""
    return RecordingAnswer.of(recordings.find_recording(ours, who, analysis_id))


@upload_routes.get("", response_class=JSONResponse)
def list_uploads(ours: OurSite, who: Who) -> list[UploadAnswer]:
    """Uploads of one's own that are under way, or were refused within a day."""
    listed = recordings.list_recordings(ours, who)
    return [UploadAnswer.of(one) for one in listed.uploads]


@routes.get("/cases", tags=["cases"])
def cases(ours: OurSite, who: Who) -> list[CaseAnswer]:
    """Every case, the newest first."""
    now = ours.now()
    found = list_cases(actor=who.actor, database=ours.database, now=now)
    return [CaseAnswer.of(one, now) for one in found]


@routes.get("/queue", tags=["queue"])
def queue_state(ours: OurSite) -> QueueAnswer:
    """What waits, what runs, and whether all is well."""
    return QueueAnswer.of(queue.queue_state(ours))


@routes.get("/audit", tags=["audit"])
def audit_entries(
    ours: OurSite,
    who: Who,
    case: Annotated[str, Query(max_length=200, description="Reference of a case.")] = "",
    action: Action | None = None,
    before: audit.Position = None,
) -> AuditAnswer:
    """A hundred entries, the newest first, before a position if one is given."""
    found = audit.read_entries(
        ours, who, case=case, action=action.value if action else "", before=before
    )
    shown = [EntryAnswer.of(one) for one in found[: audit.ON_A_PAGE]]
    return AuditAnswer(entries=shown, more=len(found) > audit.ON_A_PAGE)


@routes.post("/audit/check", tags=["audit"])
def check_audit(ours: OurSite, who: Who) -> CheckedAnswer:
    """Follow the whole log from its beginning, and say where it breaks."""
    return CheckedAnswer.of(audit.check(ours, who))


@routes.post("/audit/checkpoint", tags=["audit"])
def sign_audit(ours: OurSite, who: Who) -> CheckpointAnswer:
    """Sign how far the log has come; keep the answer where this machine cannot change it."""
    return CheckpointAnswer.of(audit.sign(ours, who))


def description(app: FastAPI) -> dict[str, Any]:
    """The API as OpenAPI has it, with the roles that each operation asks for."""
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
    return made
