"""Migrate to another engine: re-embed everything that is stored, compare the two, and switch.

Crops become segments of the ledger (`storage.jobs.reembedding`, `pipeline.analysis.reembed`);
reference photos, which are few, are re-embedded here.
"""

from dataclasses import asdict, dataclass, replace
from datetime import datetime

from errors import PictureLost, UnusablePhoto, WrongUsage
from faces.engine import FaceEngine
from pipeline.act import Caller
from pipeline.analysis.reembed import Why, faces_of
from pipeline.analysis.rematch import facts_of
from pipeline.context import Context
from pipeline.crops import read_crop
from pipeline.plan import Plan
from storage.access.audit import Action
from storage.cases.references import (
    NewReference,
    Reference,
    add_reference,
    photos_by_person,
    photos_without,
)
from storage.cases.scope import EVERYWHERE
from storage.database.database import Engine, Session, reading, writing
from storage.jobs import reembedded, reembedding
from storage.jobs.reembedded import Omitted, Standing
from storage.jobs.reembedding import Origin
from storage.results import rematches
from storage.results.calibrations import number_within
from storage.results.candidates import places
from storage.results.rematches import Cause, differences, note
from storage.vectors import models
from storage.vectors.models import Choice

SMALLEST_FACE_PX = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """The requested re-embedding."""

    analyses: list[int]
    """The new analyses, one for each analysis whose crops are re-embedded."""
    people: list[int]
    """The people with a reference photo that this engine had not embedded."""


def migrate(
    caller: Caller,
    engine: FaceEngine,
    *,
    case_id: int | None,
    context: Context,
    current: str,
) -> Asked:
    """Queue the stored crops of all footage, or of a case's, and embed the reference photos.

    What the engine has embedded already is skipped, so a second call changes nothing. `current` is
    the engine whose candidates are shown until another is chosen. Raises OtherWeights,
    StoreUnavailable.
    """
    name, now = engine.card.name, caller.now
    with writing(caller.database) as session:
        models.pin(session, name, engine.weights_sha256, now)
        if models.in_use(session) is None:
            first = Choice(current, "in use when another was first tried", caller.actor, now)
            models.choose(session, first)
        origins = reembedding.origins(session, name, case_id=case_id)
        analyses = [_ask(session, origin, name, now) for origin in origins]
        _record(caller, session, engine, case_id, "migrate")
    return Asked(analyses, embed_references(caller, engine, context))


def plan_of_crops(origin: Plan, engine: str) -> Plan:
    """The plan under which another engine re-embeds the crops of a plan.

    Faces may be half as large as in footage, because another detector draws tighter boxes.
    """
    smallest = max(SMALLEST_FACE_PX, origin.min_face_px // 2)
    return replace(origin, engine=engine, min_face_px=smallest, crops_of=origin.key)


def embed_references(caller: Caller, engine: FaceEngine, context: Context) -> list[int]:
    """Embed every reference photo in use that this engine has not embedded, from its stored crop.

    A photo in which it detects no face gets that verdict. Returns the people with a newly embedded
    photo, who are to be compared again. Raises StoreUnavailable.
    """
    with reading(caller.database) as session:
        wanted = photos_without(session, engine.card.name, caller.now)
    people = set()
    for person_id, photo in wanted:
        embedded = _seen_by(photo, engine, context)
        with writing(caller.database) as session:
            add_reference(session, person_id, embedded, keys=context.media.keys)
            if embedded.vector is not None and person_id not in people:
                people.add(person_id)
                _ask_rematch(caller, session, person_id, engine)
    return sorted(people)


def use(caller: Caller, engine: FaceEngine, *, reason: str, partly: bool, current: str) -> int:
    """Show this engine's candidates from now on; verdicts stay. Returns the number of the choice.

    The changes for each person are stored as a rematch. The previous engine can be chosen again the
    same way. Raises WrongUsage without a reason, for the engine in use, and, unless `partly`, if
    the engine has not embedded everything yet.
    """
    name, now = engine.card.name, caller.now
    if not reason.strip():
        raise WrongUsage("Give a --reason for changing the engine; it is recorded.")
    with writing(caller.database) as session:
        if name == (models.in_use(session) or current):
            raise WrongUsage(f"{name} is in use already.")
        if not partly:
            _refuse_unfinished(session, name, now)
        models.pin(session, name, engine.weights_sha256, now)
        _tell_difference(caller, session, models.in_use(session) or current, engine)
        number = models.choose(session, Choice(name, reason.strip(), caller.actor, now))
        _record(caller, session, engine, None, "use")
        return number


def standing(database: Engine, engine: str) -> Standing:
    """The progress of an engine's migration. Raises StoreUnavailable."""
    with reading(database) as session:
        return reembedded.standing(session, engine)


def omitted(database: Engine, engine: str) -> list[Omitted]:
    """The appearances an engine could not embed, with reasons. Raises StoreUnavailable."""
    with reading(database) as session:
        return reembedded.omitted(session, engine)


def _record(
    caller: Caller, session: Session, engine: FaceEngine, case_id: int | None, what: str
) -> None:
    caller.act(Action.MODEL_CHANGED).record(
        session,
        case_id,
        what=what,
        engine=engine.card.name,
        weights_sha256=engine.weights_sha256,
        threshold=engine.card.threshold,
    )


def _ask(session: Session, origin: Origin, engine: str, now: datetime) -> int:
    plan = plan_of_crops(Plan.from_body(origin.plan_body), engine)
    return reembedding.ask(session, origin, plan_key=plan.key, plan_body=plan.body, now=now)


def _seen_by(photo: Reference, engine: FaceEngine, context: Context) -> NewReference:
    """A reference photo as embedded by another engine, from its stored crop."""
    by_it = {"engine": engine.card.name, "weights_sha256": engine.weights_sha256, "crop": None}
    unusable = NewReference(**asdict(photo) | by_it)
    try:
        crop = read_crop(context.media.read(photo.crop or ""))
    except (PictureLost, UnusablePhoto, WrongUsage):
        return replace(unusable, verdict=_sentence(Why.NO_CROP), quality=None)
    (face,) = faces_of([crop], engine)
    if face is None:
        return replace(unusable, verdict=_sentence(Why.NO_FACE), quality=None)
    vector = engine.embed(engine.align(crop.image, [face]))[0]
    return replace(unusable, vector=vector, crop=photo.crop)


def _sentence(why: Why) -> str:
    return f"It could not be re-embedded: {why}."


def _ask_rematch(caller: Caller, session: Session, person_id: int, engine: FaceEngine) -> None:
    rematches.ask(
        session,
        person_id,
        engine=engine.card.name,
        cause=Cause.MODEL,
        actor=caller.actor,
        now=caller.now,
    )


def _tell_difference(caller: Caller, session: Session, before: str, engine: FaceEngine) -> None:
    """Store for each person how the candidates of two engines differ: new, gone or moved in rank.

    Their distances cannot be compared, and a photo is a different reference for each engine.
    """
    name = engine.card.name
    appearances = number_within(session, name, EVERYWHERE)
    photos = photos_by_person(session, name)
    was, will_be = (places(session, list(photos), engine=other) for other in (before, name))
    for person_id, used in photos.items():
        changes = [
            change
            for change in differences(was[person_id], will_be[person_id])
            if not (change.before and change.after and change.before.rank == change.after.rank)
        ]
        note(
            session, person_id, engine=name, cause=Cause.MODEL, actor=caller.actor,
            changes=changes, facts=facts_of(used, appearances, engine), now=caller.now,
        )  # fmt: skip


def _refuse_unfinished(session: Session, engine: str, now: datetime) -> None:
    unseen = reembedded.unfinished(session, engine)
    photos = len(photos_without(session, engine, now))
    if unseen or photos:
        raise WrongUsage(
            f"{engine} has not embedded the crops of {unseen} recordings and {photos} reference "
            f"photos yet; run `nightreel models migrate --to {engine}` to the end, or give "
            "--partly."
        )
