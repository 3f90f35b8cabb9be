"""Look for one person's photos in everything that was processed, without enrolling anybody."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from errors import UnusablePhoto
from faces.engine import FaceEngine, ModelCard
from pipeline.act import Caller
from pipeline.analysis.overlaps import SameAs, moment_of, repeated
from pipeline.people.portraits import Portrait, examine
from storage.access.audit import Action
from storage.cases.cases import case_in_force
from storage.cases.scope import EVERYWHERE, Scope, has_footage
from storage.database.database import Session, reading
from storage.results.calibrations import Calibration, current
from storage.results.reach import Reach, reach
from storage.results.seen import Seen, seen_by_id
from storage.vectors.nearest import Near, nearest


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the archive."""

    case_id: int
    """Of a case in force."""
    scope: Scope = EVERYWHERE
    """Filters; the case is added to them."""
    everything: bool = False
    """Whether to look beyond the case's own footage, where it has any."""
    limit: int = 100


@dataclass(frozen=True, slots=True)
class Hit:
    """An appearance that came close: a candidate, for people to review."""

    seen: Seen
    distance: float
    threshold: float
    engine: str
    photo: str
    """Name of the one that came closest."""
    same_as: SameAs | None
    """The hit that shows the same moment first, where this one repeats it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came close, closest first, and how much was looked at."""

    case_id: int
    own_only: bool
    """Whether nothing but the case's own footage was looked at."""
    card: ModelCard
    portraits: list[Portrait]
    """The usable ones first."""
    hits: list[Hit]
    cut_off: bool
    """Whether more came close than the limit lets through."""
    reach: Reach
    calibration: Calibration | None
    """Of this engine and threshold, in this case."""

    def by_recording(self) -> list[list[Hit]]:
        """The hits of each recording, the recording with the closest first."""
        groups: dict[int, list[Hit]] = {}
        for hit in self.hits:
            groups.setdefault(hit.seen.recording_id, []).append(hit)
        return list(groups.values())


def search(
    caller: Caller, photos: Sequence[Path], question: Question, *, engine: FaceEngine
) -> Answer:
    """Compare one person's photos with every appearance of the engine that the case allows.

    Photos are judged as references are. Nothing is stored but an entry in the audit log. Raises
    NotAuthorised when the case is not in force, UnusablePhoto when no photo can be searched with,
    StoreUnavailable.
    """
    act = caller.act(Action.SEARCHED)
    with act.refusals(question.case_id):
        answer = _answer(caller, photos, question, engine)
    act.note(
        question.case_id,
        engine=engine.card.name,
        weights_sha256=engine.weights_sha256,
        threshold=engine.card.threshold,
        photo_sha256s=[one.sha256 for one in answer.portraits if one.sha256],
        own_only=answer.own_only,
        recordings=answer.reach.searched.recordings,
        recording_ids=sorted({hit.seen.recording_id for hit in answer.hits}),
        appearance_ids=[hit.seen.appearance_id for hit in answer.hits],
        plan_keys=sorted({hit.seen.plan for hit in answer.hits}),
    )
    return answer


def _answer(
    caller: Caller, photos: Sequence[Path], question: Question, engine: FaceEngine
) -> Answer:
    with reading(caller.database) as session:
        case_in_force(session, question.case_id, caller.now)  # before any face is looked at
    judged = [examine(photo, engine) for photo in photos]
    portraits = sorted(judged, key=lambda one: not one.usable)
    vectors = [one.vector for one in portraits if one.vector is not None]
    if not vectors:
        reasons = "; ".join(f"{one.name}: {one.verdict}" for one in portraits)
        raise UnusablePhoto(f"No usable photo. {reasons}")
    with reading(caller.database) as session:
        case = case_in_force(session, question.case_id, caller.now)
        is_bound = not question.everything and has_footage(session, case.id)
        scope = replace(question.scope, case=case, own_only=is_bound)
        looked_at = reach(session, engine=engine.card.name, scope=scope)
        near = nearest(
            session, np.stack(vectors), card=engine.card, scope=scope, limit=question.limit + 1
        )
        names = [one.name for one in portraits]
        found = _hits(session, near[: question.limit], engine.card, names)
        calibrations = current(session, case.id)
    return Answer(
        case_id=case.id,
        own_only=is_bound,
        card=engine.card,
        portraits=portraits,
        hits=found,
        cut_off=len(near) > question.limit,
        reach=looked_at,
        calibration=calibrations.get((engine.card.name, engine.card.threshold)),
    )


def _hits(
    session: Session, near: Sequence[Near], card: ModelCard, photos: Sequence[str]
) -> list[Hit]:
    """What came close, in the same order; what has gone meanwhile is left out."""
    known = seen_by_id(session, [one.appearance_id for one in near])
    there = [one for one in near if one.appearance_id in known]
    seen = [known[one.appearance_id] for one in there]
    firsts = repeated(session, [moment_of(one) for one in seen])
    same_as = [None if first is None else _same_as(seen[first]) for first in firsts]
    return [
        Hit(appearance, one.distance, card.threshold, card.name, photos[one.photo], first)
        for one, appearance, first in zip(there, seen, same_as, strict=True)
    ]


def _same_as(first: Seen) -> SameAs:
    return SameAs(first.recording, first.start_ms)
