"""The audit log for those who read it: what was done, and whether the log is whole."""

from typing import Annotated

from fastapi import Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from pipeline.governance import audit as steps
from pipeline.governance.accounts import names_of_actors
from pipeline.governance.audit import Examined
from review.guard import router
from review.pages import page
from review.site import OurSite, Site
from review.visitors import Visitor, Who
from storage.access.audit import Action, newest
from storage.access.chain import Entry
from storage.access.checkpoints import Checkpoint, public_half, signing_key
from storage.access.search_counts import search_counts
from storage.cases.cases import list_cases
from storage.database.database import Session, reading, writing

ON_A_PAGE = 100
routes = router("/audit")
Position = Annotated[int | None, Query(ge=1, le=2**62)]


@routes.get("")
def show_audit(
    request: Request,
    ours: OurSite,
    who: Who,
    case: str = "",
    action: str = "",
    before: Position = None,
) -> Response:
    """The newest entries, or those before a position; of one case, or of one kind."""
    found = read_entries(ours, who, case=case, action=action, before=before)
    with reading(ours.database) as session:
        cases = {one.id: one.reference for one in list_cases(session)}
        searches = search_counts(session, ours.now())
    return page(
        request,
        "audit.html.j2",
        entries=found[:ON_A_PAGE],
        older=found[ON_A_PAGE - 1].position if len(found) > ON_A_PAGE else None,
        names=names_of_actors(ours.database),
        cases=cases,
        searches=searches,
        actions=list(Action),
        case=case,
        action=action,
    )


@routes.post("/check")
def check_audit(request: Request, ours: OurSite, who: Who) -> Response:
    """Follow the whole chain, and say whether it holds."""
    return page(request, "audit_checked.html.j2", checked=check(ours, who))


@routes.get("/export")
def export_audit(ours: OurSite, who: Who) -> Response:
    """Every entry as a line of JSON, for another system or for the verifier."""
    lines = steps.exported(ours.database, actor=who.actor, now=ours.now())
    headers = _as_file(f"audit-{ours.now():%Y-%m-%d}.jsonl")
    return StreamingResponse(lines, media_type="application/jsonl", headers=headers)


@routes.post("/checkpoint")
def sign_audit(ours: OurSite, who: Who) -> Response:
    """Sign how far the log has come, as a file to be kept where this machine cannot change it."""
    headers = _as_file(f"audit-checkpoint-{ours.now():%Y-%m-%d}.json")
    return JSONResponse(sign(ours, who).document, headers=headers)


def sign(ours: Site, who: Visitor) -> Checkpoint:
    """Sign how far the log has come; that it was signed is an entry behind it."""
    made = steps.sign(ours.database, signing_key(ours.database, ours.audit_key_file), ours.now())
    _note(ours, who, Action.AUDIT_EXPORTED, what="checkpoint")
    return made


def read_entries(
    ours: Site, who: Visitor, *, case: str, action: str, before: int | None
) -> list[Entry]:
    """One more than stands on a page, the newest first; that they were read is an entry too."""
    with reading(ours.database) as session:
        case_id = _case_id(session, case)
        found = newest(session, before=before, case_id=case_id, action=action, limit=ON_A_PAGE + 1)
    _note(ours, who, Action.AUDIT_VIEWED)
    return found


def check(ours: Site, who: Visitor) -> Examined:
    """Follow the whole chain, and hold it against the checkpoints that were kept here."""
    key = signing_key(ours.database, ours.audit_key_file)
    found = steps.examine(ours.database, public_key=public_half(key))
    _note(ours, who, Action.AUDIT_VIEWED)
    return found


def _case_id(session: Session, reference: str) -> int | None:
    """A case's number; one that no entry has for a reference that is nobody's."""
    if not reference:
        return None
    return next((one.id for one in list_cases(session) if one.reference == reference), -1)


def _as_file(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def _note(ours: Site, who: Visitor, action: Action, **objects: str) -> None:
    with writing(ours.database) as session:
        ours.record(session, who.actor, action, None, **objects)
