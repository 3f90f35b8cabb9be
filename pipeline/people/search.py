"""Search the archive by a person's photos, without enrolling the person."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from errors import UnusablePhoto
from faces.engine import FaceEngine, ModelCard
from pipeline.act import Caller
from pipeline.analysis.overlaps import SameAs, moment_of, repeated
from pipeline.judging.blind import undecided_by
from pipeline.judging.review import Rules
from pipeline.people.portraits import Portrait, examine
from storage.access.audit import Action
from storage.cases.cases import case_in_force
from storage.cases.scope import EVERYWHERE, Scope, has_footage
from storage.database.database import Session, reading
from storage.results.calibrations import Calibration, current
from storage.results.reach import Reach, reach
from storage.results.seen import Seen, seen_by_id
from storage.vectors.nearest import Near, nearest

RULES = Rules()


@dataclass(frozen=True, slots=True)
class Question:
    """The parameters of a search."""

    case_id: int
    """A case in force."""
    scope: Scope = EVERYWHERE
    """Filters; the case is added to them."""
    everything: bool = False
    """Whether to search beyond the case's own footage, if it has any."""
    limit: int = 100


@dataclass(frozen=True, slots=True)
class Hit:
    """An appearance within the threshold: a candidate for people to review."""

    seen: Seen
    distance: float
    threshold: float
    engine: str
    photo: str
    """The name of the closest photo."""
    same_as: SameAs | None
    """The earlier hit that shows the same footage; None if this is not a repeat."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The hits of a search, and its coverage."""

    case_id: int
    own_only: bool
    """Whether only the case's own footage was searched."""
    card: ModelCard
    portraits: list[Portrait]
    """The usable ones first."""
    hits: list[Hit]
    cut_off: bool
    """Whether there are more hits than the limit allows."""
    reach: Reach
    calibration: Calibration | None
    """For this engine and threshold, in this case."""
    to_review: int
    """How many appearances are left out because the caller has yet to review them as candidates of
    the case."""

    def by_recording(self) -> list[list[Hit]]:
        """The hits by recording; the recording with the closest hit comes first."""
        groups: dict[int, list[Hit]] = {}
        for hit in self.hits:
            groups.setdefault(hit.seen.recording_id, []).append(hit)
        return list(groups.values())


def search(
    caller: Caller,
    photos: Sequence[Path],
    question: Question,
    *,
    engine: FaceEngine,
    rules: Rules = RULES,
) -> Answer:
    """Compare one person's photos with all of the engine's appearances that the case allows.

    Photos are assessed like reference photos. Only an entry in the audit log is stored; by it, an
    account that searched with a photo of a person of interest does not review that person's
    candidates. Appearances that the caller has yet to review are left out. Raises
    NotAuthorised when the case is not in force, UnusablePhoto when no photo is usable,
    StoreUnavailable.
    """
    act = caller.act(Action.SEARCHED)
    with act.refusals(question.case_id):
        answer = _answer(caller, photos, question, engine, rules)
    act.note(
        question.case_id,
        engine=engine.card.name,
        weights_sha256=engine.weights_sha256,
        threshold=engine.card.threshold,
        photo_sha256s=[portrait.sha256 for portrait in answer.portraits if portrait.sha256],
        own_only=answer.own_only,
        recordings=answer.reach.searched.recordings,
        recording_ids=sorted({hit.seen.recording_id for hit in answer.hits}),
        appearance_ids=[hit.seen.appearance_id for hit in answer.hits],
        plan_keys=sorted({hit.seen.plan for hit in answer.hits}),
    )
    return answer


def _answer(
    caller: Caller, photos: Sequence[Path], question: Question, engine: FaceEngine, rules: Rules
) -> Answer:
    with reading(caller.database) as session:
        case_in_force(session, question.case_id, caller.now)  # before any face is detected
    judged = [examine(photo, engine) for photo in photos]
    portraits = sorted(judged, key=lambda portrait: not portrait.usable)
    vectors = [portrait.vector for portrait in portraits if portrait.vector is not None]
    if not vectors:
        reasons = "; ".join(f"{portrait.name}: {portrait.verdict}" for portrait in portraits)
        raise UnusablePhoto(f"No usable photo. {reasons}")
    with reading(caller.database) as session:
        case = case_in_force(session, question.case_id, caller.now)
        is_bound = not question.everything and has_footage(session, case.id)
        scope = replace(question.scope, case=case, own_only=is_bound)
        coverage = reach(session, engine=engine.card.name, scope=scope)
        undecided = undecided_by(session, caller, case, rules)
        hidden = {key.appearance_id for key in undecided}
        most = question.limit + len(hidden) + 1
        found = nearest(session, np.stack(vectors), card=engine.card, scope=scope, limit=most)
        near = [close for close in found if close.appearance_id not in hidden]
        names = [portrait.name for portrait in portraits]
        hits = _hits(session, near[: question.limit], engine.card, names)
        calibrations = current(session, case, own_only=is_bound)
    return Answer(
        case_id=case.id,
        own_only=is_bound,
        card=engine.card,
        portraits=portraits,
        hits=hits,
        cut_off=len(near) > question.limit,
        reach=coverage,
        calibration=calibrations.get((engine.card.name, engine.card.threshold)),
        to_review=len(found) - len(near),
    )


def _hits(
    session: Session, near: Sequence[Near], card: ModelCard, photos: Sequence[str]
) -> list[Hit]:
    """The hits in the same order, without appearances deleted in the meantime."""
    seen_by_appearance = seen_by_id(session, [close.appearance_id for close in near])
    remaining = [close for close in near if close.appearance_id in seen_by_appearance]
    seen = [seen_by_appearance[close.appearance_id] for close in remaining]
    firsts = repeated(session, [moment_of(close) for close in seen])
    same_as = [None if first is None else _same_as(seen[first]) for first in firsts]
    return [
        Hit(appearance, close.distance, card.threshold, card.name, photos[close.photo], first)
        for close, appearance, first in zip(remaining, seen, same_as, strict=True)
    ]


def _same_as(first: Seen) -> SameAs:
    return SameAs(first.recording, first.start_ms)
