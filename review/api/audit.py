"""The audit log."""

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
from review.api.routing import SETTLED, routes_of
from review.files import described
from review.site import OurSite
from review.visitors import Asked
from storage.access.audit import Action

routes = routes_of("audit")
LINES = described("application/jsonl", "One JSON line per entry, oldest first.")


@routes.get("/audit")
def audit_entries(
    asked: Asked,
    case: Annotated[str, Query(max_length=200, description="Reference of a case.")] = "",
    action: Action | None = None,
    cursor: Cursor = "",
) -> AuditAnswer:
    """Up to 100 entries, newest first."""
    entries = steps.view_newest(
        asked,
        case=case,
        action=action.value if action else "",
        before=older_than(cursor),
        limit=audit.ON_A_PAGE + 1,
    )
    names = names_of_actors(asked)
    page = piece(entries, lambda entry: (-entry.position,), cursor, audit.ON_A_PAGE)
    return AuditAnswer(
        entries=[EntryAnswer.of(entry, names) for entry in page.shown], next=page.next
    )


@routes.get("/audit/searches")
def count_searches(asked: Asked) -> list[SearchesAnswer]:
    """Search activity by user, with unusual activity flagged."""
    names = names_of_actors(asked)
    return [SearchesAnswer.of(count, names) for count in steps.count_searches(asked)]


@routes.get("/audit/export", response_class=Response, responses=SETTLED | LINES)
def export_audit(asked: Asked) -> Response:
    """The complete log, for another system or the verifier. Refused (409) to a reviewer who has
    yet to review candidates."""
    return audit.export_audit(asked)


@routes.post("/audit/check")
def check_audit(ours: OurSite, asked: Asked) -> CheckedAnswer:
    """Verify the complete log and report the first broken entry."""
    return CheckedAnswer.of(steps.check(asked, audit.key_of(ours)))


@routes.post("/audit/checkpoint")
def sign_audit(ours: OurSite, asked: Asked) -> CheckpointAnswer:
    """Sign a checkpoint; store the response where this machine cannot change it."""
    return CheckpointAnswer.of(steps.export_checkpoint(asked, audit.key_of(ours)))
