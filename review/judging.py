"""Review, one candidate after the other: what the reviewer is shown, and the verdict on it."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Form, Request, Response
from fastapi.responses import RedirectResponse

from pipeline.act import Caller
from pipeline.judging.looking import Next, cases_to_review, next_sight, see
from pipeline.judging.review import decide, own_decision, undo
from report.column import headed
from report.columns import SIGHT
from review.guard import router
from review.pages import page
from review.site import OurSite, Site
from review.visitors import Asked, Who, visitor
from storage.results.verdicts import Decision, Key

routes = router("/review")


@dataclass(frozen=True, slots=True)
class Said:
    """The verdict that was just given and can be undone."""

    key: Key
    decision: Decision


@routes.get("")
def cases(request: Request, ours: OurSite, asked: Asked, who: Who) -> Response:
    """The cases in force, each with how many candidates this reviewer may review."""
    found = cases_to_review(asked, who.account_id, ours.rules)
    return page(request, "review_cases.html.j2", cases=found)


@routes.get("/{case_id}")
def begin(
    request: Request,
    ours: OurSite,
    asked: Asked,
    who: Who,
    case_id: int,
    person: int | None = None,
    appearance: int | None = None,
) -> Response:
    """The next candidate, or the one after the given candidate."""
    after = None if person is None or appearance is None else Key(person, appearance)
    found = next_sight(asked, case_id, who.account_id, ours.rules, after=after)
    return _show(request, ours, asked, case_id, found)


@routes.get("/{case_id}/{person}/{appearance}")
def look(
    request: Request, ours: OurSite, asked: Asked, case_id: int, person: int, appearance: int
) -> Response:
    """One candidate, whether reviewed or not."""
    shown = see(asked, case_id, Key(person, appearance))
    return _show(request, ours, asked, case_id, Next(shown, 0))


@routes.post("/{case_id}/{person}/{appearance}/verdict")
def judge(
    request: Request,
    ours: OurSite,
    asked: Asked,
    who: Who,
    case_id: int,
    person: int,
    appearance: int,
    decision: Annotated[Decision, Form()],
    shown: Annotated[str, Form()] = "",
) -> Response:
    """Store a verdict, and show the next candidate."""
    key = Key(person, appearance)
    decide(
        asked,
        case_id,
        key,
        decision,
        account_id=who.account_id,
        rules=ours.rules,
        shown_was=shown,
    )
    if "HX-Request" not in request.headers:
        return _sent_on(case_id, key)
    found = next_sight(asked, case_id, who.account_id, ours.rules, after=key)
    return _show(request, ours, asked, case_id, found, said=Said(key, decision))


@routes.post("/{case_id}/{person}/{appearance}/undo")
def take_back(
    request: Request,
    ours: OurSite,
    asked: Asked,
    who: Who,
    case_id: int,
    person: int,
    appearance: int,
) -> Response:
    """Undo the reviewer's own verdict, and show the candidate again."""
    key = Key(person, appearance)
    undo(asked, case_id, key, account_id=who.account_id)
    if "HX-Request" not in request.headers:
        return RedirectResponse(_place(case_id, key), 303)
    shown = see(asked, case_id, key)
    return _show(request, ours, asked, case_id, Next(shown, 0), taken_back=True)


def _show(
    request: Request,
    ours: Site,
    asked: Caller,
    case_id: int,
    found: Next,
    *,
    said: Said | None = None,
    taken_back: bool = False,
) -> Response:
    """The whole page, or for htmx the part that changes, with its new address."""
    part = "HX-Request" in request.headers
    shown = found.view
    own = shown and own_decision(asked, shown.key, visitor(request).account_id)
    answer = page(
        request,
        "review_part.html.j2" if part else "review.html.j2",
        case_id=case_id,
        shown=shown,
        columns=headed(SIGHT, [shown] if shown else []),
        left=found.left,
        own=own,
        said=said,
        taken_back=taken_back,
        below_floor=shown is not None and ours.rules.is_below_floor(shown),
        part=part,
    )
    if part and shown is not None:
        answer.headers["HX-Push-Url"] = _place(case_id, shown.key)
    return answer


def _place(case_id: int, key: Key) -> str:
    return f"/review/{case_id}/{key.person_id}/{key.appearance_id}"


def _sent_on(case_id: int, key: Key) -> Response:
    after = f"person={key.person_id}&appearance={key.appearance_id}"
    return RedirectResponse(f"/review/{case_id}?{after}", 303)
