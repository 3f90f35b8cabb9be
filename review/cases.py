"""Cases: legal basis and scope, expiry, persons of interest, footage and results."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Literal

from fastapi import File, Form, Request, Response, UploadFile
from fastapi.responses import RedirectResponse

from errors import Locked, WrongUsage
from faces.engine import FaceEngine
from pipeline.act import Caller
from pipeline.governance.accounts import names_of_actors
from pipeline.governance.cases import Terms, every_case, open_case
from pipeline.judging import decoys
from pipeline.judging.looking import look_closer_at_photo
from pipeline.judging.overview import PAGE, Overview, detail, overview, page_of_candidates
from pipeline.judging.review import override_quality
from pipeline.people.enrol import Enrolled, enrol_person
from report.calibration import said, said_of
from report.column import headed
from report.columns import CANDIDATE
from report.compared import sentences
from report.exporting import export
from report.moments import typed
from review.authority import locked
from review.guard import router
from review.numbers import MOST, First
from review.pages import page
from review.photos import photo_files
from review.site import OurSite, Site
from review.visitors import Asked, Who
from storage.cases.cases import EVER
from storage.cases.people import Standing
from storage.cases.sources import ADDED
from storage.results.verdicts import Key
from storage.tables import Category
from worker.resources import PHOTO_MIN_FACE_PX

routes = router("/cases")


@routes.get("")
def cases(request: Request, ours: OurSite, asked: Asked) -> Response:
    """Every case, the newest first, and a form to open one."""
    bases = ours.policy.bases.values()
    listed = every_case(asked)
    return page(request, "cases.html.j2", cases=listed, now=asked.now, bases=bases)


@routes.post("")
def open_one(
    ours: OurSite,
    asked: Asked,
    who: Who,
    reference: Annotated[str, Form()],
    legal_basis: Annotated[str, Form()],
    purpose: Annotated[str, Form()],
    days: Annotated[int, Form(ge=1, le=3650)],
    requested_by: Annotated[str, Form()] = "",
    footage_from: Annotated[str, Form()] = "",
    footage_until: Annotated[str, Form()] = "",
    urgent: Annotated[bool, Form()] = False,
) -> Response:
    """Open a case for the footage that will be added for it."""
    terms = Terms(
        legal_basis=legal_basis,
        purpose=purpose.strip(),
        requested_by=requested_by.strip() or who.name,
        sources=[ADDED],
        expires_at=(asked.now + timedelta(days=days)).replace(second=0, microsecond=0),
        footage_from=typed(footage_from) if footage_from else EVER[0],
        footage_until=typed(footage_until) if footage_until else EVER[1],
        urgent=urgent,
    )
    opened = open_case(asked, reference.strip(), terms, policy=ours.policy)
    return RedirectResponse(f"/cases/{opened.id}", 303)


@routes.get("/{case_id}")
def show(request: Request, ours: OurSite, asked: Asked, case_id: int) -> Response:
    """One case; while it is locked, only its legal basis and scope."""
    try:
        return _shown(request, overview(asked, case_id, ours.rules), asked)
    except Locked:
        return locked(request, asked, case_id)


@routes.post("/{case_id}/people")
def enrol(
    request: Request,
    ours: OurSite,
    asked: Asked,
    case_id: int,
    name: Annotated[str, Form()],
    photos: Annotated[list[UploadFile], File()],
    category: Annotated[Category | Literal[""], Form()] = "",
) -> Response:
    """Assess the photos, add the person of interest, and have everything compared with them."""
    enrolled = enrol_with(ours, asked, case_id, name, photos, category or None)
    return _shown(request, overview(asked, case_id, ours.rules), asked, enrolled)


@routes.get("/{case_id}/photos/{photo}")
def photo(ours: OurSite, asked: Asked, case_id: int, photo: int) -> Response:
    """The face of a reference photo."""
    crop = look_closer_at_photo(asked, case_id, photo)
    return Response(ours.context.media.read(crop), media_type="image/jpeg")


@routes.get("/{case_id}/candidates")
def candidates(
    request: Request, ours: OurSite, asked: Asked, case_id: int, first: First = 0
) -> Response:
    """Candidates by person and rank, fifty at a time."""
    found = page_of_candidates(asked, case_id, first=first, rules=ours.rules)
    calibration = said_of(found.calibrations, [listed.row for listed in found.rows])
    return page(
        request,
        "candidates.html.j2",
        found=found,
        columns=headed(CANDIDATE, found.rows),
        step=PAGE,
        compared=sentences(found.compared),
        calibration=calibration,
    )


@routes.get("/{case_id}/candidates/{person}/{appearance}")
def candidate(
    request: Request, ours: OurSite, asked: Asked, case_id: int, person: int, appearance: int
) -> Response:
    """One candidate with its distance, its verdicts and its review status."""
    found = detail(asked, case_id, Key(person, appearance), ours.rules)
    return page(
        request,
        "candidate.html.j2",
        found=found,
        columns=headed(CANDIDATE, [found.listed]),
        case_id=case_id,
        calibration=said(found.calibration),
        names=names_of_actors(asked),
    )


@routes.post("/{case_id}/candidates/{person}/{appearance}/override")
def override(
    asked: Asked,
    who: Who,
    case_id: int,
    person: int,
    appearance: int,
    reason: Annotated[str, Form()],
) -> Response:
    """Record why verdicts on low-quality pictures count."""
    key = Key(person, appearance)
    override_quality(asked, case_id, key, account_id=who.account_id, reason=reason)
    return RedirectResponse(f"/cases/{case_id}/candidates/{person}/{appearance}", 303)


@routes.post("/{case_id}/decoys")
def seed_decoys(
    ours: OurSite,
    asked: Asked,
    who: Who,
    case_id: int,
    recording: Annotated[int, Form(ge=1, le=MOST)],
    reason: Annotated[str, Form()],
    number: Annotated[int, Form(ge=1, le=100)] = 5,
) -> Response:
    """Add known non-matches to the candidates, to measure the reviewers."""
    decoys.seed(
        asked,
        case_id,
        recording_id=recording,
        number=number,
        reason=reason,
        account_id=who.account_id,
        rules=ours.rules,
        context=ours.context,
    )
    return RedirectResponse(f"/cases/{case_id}", 303)


@routes.post("/{case_id}/decoys/stop")
def stop_decoys(asked: Asked, case_id: int) -> Response:
    """Remove the known non-matches."""
    decoys.stop(asked, case_id)
    return RedirectResponse(f"/cases/{case_id}", 303)


@routes.post("/{case_id}/export")
def export_one(ours: OurSite, asked: Asked, case_id: int) -> Response:
    """Export what two people support, as a package with its statement."""
    package = export(asked, case_id, media=ours.context.media, rules=ours.rules)
    name = f'attachment; filename="nightreel-case-{case_id}.zip"'
    headers = {"Content-Disposition": name, "X-Package-Sha256": package.sha256}
    return Response(package.body, media_type="application/zip", headers=headers)


def _shown(
    request: Request, found: Overview, asked: Caller, enrolled: Enrolled | None = None
) -> Response:
    return page(
        request,
        "case.html.j2",
        found=found,
        now=asked.now,
        categories=list(Category),
        judged=enrolled.portraits if enrolled else (),
        disagreements=enrolled.disagreements if enrolled else (),
        compared=sentences(found.compared),
    )


def enrol_with(
    ours: Site,
    asked: Caller,
    case_id: int,
    name: str,
    photos: Sequence[UploadFile],
    category: Category | None,
) -> Enrolled:
    """Enrol a person with uploaded photos, and have everything compared with them.

    Raises WrongUsage, and as `enrol_person`.
    """
    if not name.strip():
        raise WrongUsage("A person of interest needs a name; enter one.")
    with photo_files(photos) as paths, ours.looking:
        enrolled = enrol_person(
            asked,
            case_id,
            name.strip(),
            paths,
            engine=photo_engine(ours),
            context=ours.context,
            standing=Standing(category),
        )
    ours.ask_for_people([enrolled.person_id])
    return enrolled


def photo_engine(ours: Site) -> FaceEngine:
    """The engine for photos: it detects smaller faces, so that one can be reported as too small."""
    return ours.context.engine_for(replace(ours.plan, min_face_px=PHOTO_MIN_FACE_PX))
