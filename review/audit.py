"""The audit log for those who read it: what was done, and whether the log is whole."""

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
    """The newest entries, or those before a position; of one case, or of one kind."""
    found = steps.view_newest(asked, case=case, action=action, before=before, limit=ON_A_PAGE + 1)
    return page(
        request,
        "audit.html.j2",
        entries=found[:ON_A_PAGE],
        older=found[ON_A_PAGE - 1].position if len(found) > ON_A_PAGE else None,
        names=names_of_actors(asked),
        cases={one.id: one.reference for one in every_case(asked)},
        searches=steps.searches_beside(asked),
        actions=list(Action),
        case=case,
        action=action,
    )


@routes.post("/check")
def check_audit(request: Request, ours: OurSite, asked: Asked) -> Response:
    """Follow the whole chain, and say whether it holds."""
    return page(request, "audit_checked.html.j2", checked=steps.check(asked, key_of(ours)))


@routes.get("/export")
def export_audit(asked: Asked) -> Response:
    """Every entry as a line of JSON, for another system or for the verifier."""
    headers = _as_file(f"audit-{asked.now:%Y-%m-%d}.jsonl")
    lines = steps.exported(asked)
    return StreamingResponse(lines, media_type="application/jsonl", headers=headers)


@routes.post("/checkpoint")
def sign_audit(ours: OurSite, asked: Asked) -> Response:
    """Sign how far the log has come, as a file to be kept where this machine cannot change it."""
    headers = _as_file(f"audit-checkpoint-{asked.now:%Y-%m-%d}.json")
    made = steps.export_checkpoint(asked, key_of(ours))
    return JSONResponse(made.document, headers=headers)


def key_of(ours: Site) -> Ed25519PrivateKey:
    """What signs the log of this site."""
    return signing_key(ours.database, ours.audit_key_file)


def _as_file(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
