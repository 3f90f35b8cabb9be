"""The pictures and clips of candidates: each view of one is an entry in the audit log.

The same routes serve the pages, with a session, and programs, with a token.
"""

from typing import Any

from fastapi import APIRouter, Request, Response

from errors import Purged
from pipeline.judging.clips import Clip, cut_clip
from pipeline.judging.looking import look_closer
from review.access import CANDIDATE
from review.files import CLIP, PICTURE
from review.guard import router
from review.numbers import Number, Spot
from review.ranges import part_of
from review.site import OurSite, Site
from review.visitors import Asked
from storage.access.audit import Action
from storage.results.blind_views import BlindView
from storage.results.verdicts import Key


def routes_at(prefix: str, **options: Any) -> APIRouter:
    """The routes of a candidate's pictures and clips, below its path."""
    routes = router(prefix, default_response_class=Response, **options)
    routes.get("/crops/{place}", responses=PICTURE)(crop)
    routes.get("/references/{reference}", responses=PICTURE)(reference)
    routes.get("/clip.mp4", responses=CLIP)(clip)
    routes.get("/clip-unblurred.mp4", responses=CLIP)(unblurred_clip)
    return routes


def crop(
    ours: OurSite, asked: Asked, case_id: Number, person: Number, appearance: Number, place: Spot
) -> Response:
    """A picture of an appearance, counted from 0, best first."""
    shown = look_closer(asked, case_id, Key(person, appearance), Action.CROP_VIEWED, place=place)
    if place >= len(shown.seen.crops):
        raise Purged("No such picture of this candidate.")
    return Response(ours.context.media.read(shown.seen.crops[place]), media_type="image/jpeg")


def reference(
    ours: OurSite,
    asked: Asked,
    case_id: Number,
    person: Number,
    appearance: Number,
    reference: Number,
) -> Response:
    """The face of a reference photo that is shown beside a candidate."""
    key = Key(person, appearance)
    shown = look_closer(asked, case_id, key, Action.CROP_VIEWED, reference_id=reference)
    crops = {photo.id: photo.crop for photo in shown.references}
    if reference not in crops:
        raise Purged("This reference photo no longer exists.")
    return Response(ours.context.media.read(crops[reference]), media_type="image/jpeg")


def clip(
    request: Request,
    ours: OurSite,
    asked: Asked,
    case_id: Number,
    person: Number,
    appearance: Number,
) -> Response:
    """The clip, with all other faces hidden."""
    key = Key(person, appearance)
    shown = look_closer(asked, case_id, key, Action.CLIP_VIEWED, kind="blurred")
    return part_of(_clip(ours, shown, blurred=True).mp4, "video/mp4", request)


def unblurred_clip(
    request: Request,
    ours: OurSite,
    asked: Asked,
    case_id: Number,
    person: Number,
    appearance: Number,
) -> Response:
    """The unblurred clip; a separate act, logged separately."""
    key = Key(person, appearance)
    shown = look_closer(asked, case_id, key, Action.CLIP_VIEWED, kind="unblurred")
    return part_of(_clip(ours, shown, blurred=False).mp4, "video/mp4", request)


def _clip(ours: Site, shown: BlindView, *, blurred: bool) -> Clip:
    seen = shown.seen
    label = (seen.analysis_id, seen.best_ms, seen.box, blurred)
    return ours.clips.take(label, lambda: cut_clip(shown, ours.context, blurred=blurred))


routes = routes_at(CANDIDATE)
