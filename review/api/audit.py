"""The audit log for those who read it."""

from typing import Annotated

from fastapi import Query, Response

from pipeline.governance import audit as steps
from pipeline.governance.accounts import names_of_actors
from review import audit
from review.api.models.audit import (
    AuditAnswer,
    CheckedAnswer,
    CheckpointAnswer,
    EntryAnswer,
    SearchesAnswer,
)
from review.api.paging import Cursor, older_than, piece
from review.api.routing import routes_of
from review.files import described
from review.site import OurSite
from review.visitors import Who
from storage.access.audit import Action

routes = routes_of("audit")
LINES = described("application/jsonl", "One JSON line per entry, oldest first.")


@routes.get("/audit")
def audit_entries(
    ours: OurSite,
    who: Who,
    case: Annotated[str, Query(max_length=200, description="Reference of a case.")] = "",
    action: Action | None = None,
    cursor: Cursor = "",
) -> AuditAnswer:
    """Up to 100 entries, newest first."""
    found = audit.read_entries(
        ours, who, case=case, action=action.value if action else "", before=older_than(cursor)
    )
    names = names_of_actors(ours.database)
    some = piece(found, lambda one: (-one.position,), cursor, audit.ON_A_PAGE)
    return AuditAnswer(entries=[EntryAnswer.of(one, names) for one in some.shown], next=some.next)


@routes.get("/audit/searches")
def count_searches(ours: OurSite, who: Who) -> list[SearchesAnswer]:
    """Search activity by user, with unusual activity flagged."""
    names = names_of_actors(ours.database)
    found = steps.count_searches(ours.database, actor=who.actor, now=ours.now())
    return [SearchesAnswer.of(one, names) for one in found]


@routes.get("/audit/export", response_class=Response, responses=LINES)
def export_audit(ours: OurSite, who: Who) -> Response:
    """The complete log, for another system or the verifier."""
    return audit.export_audit(ours, who)


@routes.post("/audit/check")
def check_audit(ours: OurSite, who: Who) -> CheckedAnswer:
    """Verify the complete log and report the first broken entry."""
    return CheckedAnswer.of(audit.check(ours, who))


@routes.post("/audit/checkpoint")
def sign_audit(ours: OurSite, who: Who) -> CheckpointAnswer:
    """Sign a checkpoint; store the response where this machine cannot change it."""
    return CheckpointAnswer.of(audit.sign(ours, who))
