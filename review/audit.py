"""The audit log for those who read it: what was done, and whether the log is whole."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import Query, Request, Response
from fastapi.responses import StreamingResponse

from review.access import router
from review.pages import page
from review.site import OurSite, Site
from review.visitors import Visitor, Who
from storage.accounts import list_accounts
from storage.audit import Action, entries, newest, number_of_entries
from storage.cases import list_cases
from storage.chain import Broken, Entry, first_broken
from storage.database import Engine, Session, reading, writing

ON_A_PAGE = 100
routes = router("/audit")
Position = Annotated[int | None, Query(ge=1, le=2**62)]


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether the log is whole."""

    entries: int
    broken: Broken | None


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
        names = {f"account:{one.id}": one.name for one in list_accounts(session)}
        cases = {one.id: one.reference for one in list_cases(session)}
    return page(
        request,
        "audit.html.j2",
        entries=found[:ON_A_PAGE],
        older=found[ON_A_PAGE - 1].position if len(found) > ON_A_PAGE else None,
        names=names,
        cases=cases,
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
    _note(ours, who, Action.AUDIT_EXPORTED)
    name = f"audit-{ours.now():%Y-%m-%d}.jsonl"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_lines(ours.database), media_type="application/jsonl", headers=headers)


def read_entries(
    ours: Site, who: Visitor, *, case: str, action: str, before: int | None
) -> list[Entry]:
    """One more than stands on a page, the newest first; that they were read is an entry too."""
    with reading(ours.database) as session:
        case_id = _case_id(session, case)
        found = newest(session, before=before, case_id=case_id, action=action, limit=ON_A_PAGE + 1)
    _note(ours, who, Action.AUDIT_VIEWED)
    return found


def check(ours: Site, who: Visitor) -> Checked:
    """Follow the whole chain."""
    with reading(ours.database) as session:
        number = number_of_entries(session)
        broken = first_broken(entries(session), {})
    _note(ours, who, Action.AUDIT_VIEWED)
    return Checked(number, broken)


def _case_id(session: Session, reference: str) -> int | None:
    """A case's number; one that no entry has for a reference that is nobody's."""
    if not reference:
        return None
    return next((one.id for one in list_cases(session) if one.reference == reference), -1)


def _lines(database: Engine) -> Iterator[str]:
    with reading(database) as session:
        for entry in entries(session):
            yield f"{entry.line}\n"


def _note(ours: Site, who: Visitor, action: Action) -> None:
    with writing(ours.database) as session:
        ours.record(session, who.actor, action)
