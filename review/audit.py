"""The audit log: what was done, and whether the log is intact."""

from typing import Annotated

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from pipeline.governance import audit as steps
from pipeline.governance.accounts import names_of_actors
from pipeline.governance.cases import every_case
from review.guard import router
from review.pages import page
from review.site import OurSite, Site
from review.visitors import Asked
from storage.access.audit import Action
from storage.access.checkpoints import signing_key

ON_A_PAGE = 100
routes = router("/audit")
Position = Annotated[int | None, Query(ge=1, le=2**62)]


@routes.get("")
def show_audit(
    request: Request, asked: Asked, case: str = "", action: str = "", before: Position = None
) -> Response:
    """The newest entries, or those before a position; optionally of one case or of one kind."""
    entries = steps.view_newest(asked, case=case, action=action, before=before, limit=ON_A_PAGE + 1)
    return page(
        request,
        "audit.html.j2",
        entries=entries[:ON_A_PAGE],
        older=entries[ON_A_PAGE - 1].position if len(entries) > ON_A_PAGE else None,
        names=names_of_actors(asked),
        cases={each.id: each.reference for each in every_case(asked)},
        searches=steps.searches_beside(asked),
        actions=list(Action),
        case=case,
        action=action,
    )


@routes.post("/check")
def check_audit(request: Request, ours: OurSite, asked: Asked) -> Response:
    """Verify the whole chain, and show the result."""
    return page(request, "audit_checked.html.j2", checked=steps.check(asked, key_of(ours)))


@routes.get("/export")
def export_audit(asked: Asked) -> Response:
    """All entries, one JSON object per line, for another system or for the verifier."""
    headers = _as_file(f"audit-{asked.now:%Y-%m-%d}.jsonl")
    lines = steps.exported(asked)
    return StreamingResponse(lines, media_type="application/jsonl", headers=headers)


@routes.post("/checkpoint")
def sign_audit(ours: OurSite, asked: Asked) -> Response:
    """Sign the current end of the log, as a file to store where this machine cannot change it."""
    headers = _as_file(f"audit-checkpoint-{asked.now:%Y-%m-%d}.json")
    made = steps.export_checkpoint(asked, key_of(ours))
    return JSONResponse(made.document, headers=headers)


def key_of(ours: Site) -> Ed25519PrivateKey:
    """The key that signs the log of this site."""
    return signing_key(ours.database, ours.audit_key_file)


def _as_file(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
