"""How people decide on candidates: two of them, neither knowing of the other, and for good."""

from dataclasses import dataclass
from datetime import datetime

from errors import NotAuthorised, Purged, WrongUsage
from storage.access.audit import Action, record
from storage.access.chain import JsonValue
from storage.access.tokens import actors_of
from storage.cases.case_ids import case_in_force_by_id
from storage.database.database import Engine, Session, reading, writing
from storage.results import verdicts
from storage.results.blind_views import BlindView, Measured, asked_by, look, snapshot
from storage.results.verdicts import Decision, Key, Snapshot

GONE = "This candidate was purged, or is no longer a candidate; continue with the next."


@dataclass(frozen=True, slots=True)
class Rules:
    """How strictly candidates are reviewed."""

    least_quality: float = 0.3
    """Below it, 0..1, two verdicts `same` need a supervisor's override to count."""
    least_face_px: float = 48.0
    """The same, for the shorter side of the face in the picture that was looked at."""
    requester_may_review: bool = False
    """Whether whoever asked for the search may also decide on what it found."""
    seed: int = 0
    """Of the order in which each reviewer sees the candidates."""

    def is_below_floor(self, shown: BlindView) -> bool:
        """Whether a candidate's pictures, or all of the person's, are too poor to rely on.

        How large an imported face was in its recording nobody may have said: then its quality
        tells, which is that of the picture as it was cut.
        """
        box = shown.seen.box
        references = [one.quality for one in shown.references]
        poor = min(shown.seen.quality, max(references, default=0.0)) < self.least_quality
        return poor or (any(box) and min(box[2:]) < self.least_face_px)


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Whoever decides."""

    account_id: int
    token_id: int | None = None
    """Of the program that acts for the account."""

    @property
    def actor(self) -> str:
        """As the audit log writes it."""
        return f"account:{self.account_id}" if self.token_id is None else f"token:{self.token_id}"


def decide(
    database: Engine,
    case_id: int,
    key: Key,
    decision: Decision,
    *,
    reviewer: Reviewer,
    rules: Rules,
    now: datetime,
) -> int:
    """Keep a reviewer's verdict with what was seen; returns whether it is the first or the second.

    Raises NotAuthorised when the case is not in force or the reviewer asked for this search,
    Settled when this reviewer or two others have decided, Purged when there is nothing to decide.
    """
    with writing(database) as session:
        case_in_force_by_id(session, case_id, now)
        _refuse_requester(session, key, reviewer, rules)
        shown, numbers = looked_at(session, case_id, key)
        seen = snapshot(shown, numbers, below_floor=rules.is_below_floor(shown))
        place = verdicts.give(
            session, key, account_id=reviewer.account_id, decision=decision, seen=seen, now=now
        )
        given = {"decision": decision.value, "place": place, **_as_logged(seen)}
        note(session, Action.VERDICT_GIVEN, case_id, key, reviewer.actor, now, **given)
    return place


def undo(
    database: Engine, case_id: int, key: Key, *, reviewer: Reviewer, now: datetime
) -> Decision:
    """Take one's own verdict back, as long as it is the only one; returns what it was.

    Raises NotAuthorised when the case is not in force, Settled when there is nothing to take back.
    """
    with writing(database) as session:
        case_in_force_by_id(session, case_id, now)
        decision = verdicts.take_back(session, key, account_id=reviewer.account_id)
        taken = {"decision": decision.value}
        note(session, Action.VERDICT_UNDONE, case_id, key, reviewer.actor, now, **taken)
    return decision


def override_quality(
    database: Engine, case_id: int, key: Key, *, by: Reviewer, reason: str, now: datetime
) -> None:
    """Write down why verdicts count on pictures below the floor of quality.

    Raises WrongUsage without a reason, Purged when there is no such candidate.
    """
    if not reason.strip():
        raise WrongUsage("An override needs a written reason; give one.")
    with writing(database) as session:
        case_in_force_by_id(session, case_id, now)
        looked_at(session, case_id, key)
        verdicts.override(session, key, account_id=by.account_id, reason=reason, now=now)
        note(session, Action.QUALITY_OVERRIDDEN, case_id, key, by.actor, now)


def own_decision(database: Engine, key: Key, reviewer: Reviewer) -> Decision | None:
    """What this reviewer has said of a candidate, if anything."""
    with reading(database) as session:
        given = verdicts.verdicts_on(session, key)
    return next((one.decision for one in given if one.account_id == reviewer.account_id), None)


def looked_at(session: Session, case_id: int, key: Key) -> tuple[BlindView, Measured]:
    """A candidate of a case. Raises Purged when it is not there."""
    found = look(session, key)
    if found is None or found[0].case_id != case_id:
        raise Purged(GONE)
    return found


def note(
    session: Session,
    action: Action,
    case_id: int,
    key: Key,
    actor: str,
    now: datetime,
    **more: JsonValue,
) -> None:
    """An entry in the audit log, about one candidate."""
    objects = {"person_id": key.person_id, "appearance_id": key.appearance_id, **more}
    record(session, actor=actor, action=action, case_id=case_id, objects=objects, now=now)


def _as_logged(seen: Snapshot) -> dict[str, JsonValue]:
    return {
        "recording_sha256": seen.recording_sha256,
        "best_ms": seen.best_ms,
        "reference_id": seen.reference_id,
        "distance": seen.distance,
        "threshold": seen.threshold,
        "plan_key": seen.plan_key,
    }


def _refuse_requester(session: Session, key: Key, reviewer: Reviewer, rules: Rules) -> None:
    asked = asked_by(session, key.person_id) in actors_of(session, reviewer.account_id)
    if asked and not rules.requester_may_review:
        raise NotAuthorised(
            "You requested this search; two other reviewers must give the verdicts."
        )
