"""Changing the scope and expiry of a case."""

from datetime import datetime
from typing import Annotated

from fastapi import Form, Response

from pipeline.governance.cases import case_with_id, change_case
from pipeline.names import shown
from report.moments import as_typed, typed
from review.guard import router
from review.sessions import go
from review.site import OurSite
from review.visitors import Asked
from storage.access.audit import Action
from storage.cases.case_terms import Change
from storage.cases.cases import EVER, Case

routes = router("/cases/{case_id}")
Text = Annotated[str, Form()]


@routes.post("/change")
def change(
    ours: OurSite,
    asked: Asked,
    case_id: int,
    sources: Text = "",
    footage_from: Text = "",
    footage_until: Text = "",
    expires_at: Text = "",
) -> Response:
    """Change the scope or expiry of a case. An unchanged field changes nothing; an emptied end of
    the window means any time."""
    case = case_with_id(asked, case_id, Action.CASE_CHANGED)
    wanted = Change(
        sources=_sources(sources, case),
        footage_from=_changed(footage_from, case.footage_from, EVER[0]),
        footage_until=_changed(footage_until, case.footage_until, EVER[1]),
        expires_at=_changed(expires_at, case.expires_at, case.expires_at),
    )
    change_case(asked, case_id, wanted, policy=ours.policy)
    return go(f"/cases/{case_id}")


def _sources(text: str, case: Case) -> list[str]:
    # A folder whose name is no text cannot be typed: what is left as it was shown stays as it was.
    as_shown = {shown(source): source for source in case.sources}
    lines = [line.strip() for line in text.splitlines()]
    return [as_shown.get(line, line) for line in lines if line]


def _changed(text: str, shown: datetime, emptied: datetime) -> datetime | None:
    # The field shows minutes only; seconds of the stored time are no change.
    if text == as_typed(shown):
        return None
    return typed(text) if text else emptied
