"""How people review candidates: two of them, neither knowing of the other, and for good."""

from dataclasses import dataclass

from errors import NotAuthorised, Purged, WrongUsage
from pipeline.act import Caller
from storage.access.audit import Action
from storage.access.chain import JsonValue
from storage.access.tokens import actors_of
from storage.cases.cases import case_in_force
from storage.database.database import Session, reading, writing
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
    """Whether the account that requested a search may also review what it found."""
    seed: int = 0
    """Of the order in which each reviewer sees the candidates."""

    def is_below_floor(self, shown: BlindView) -> bool:
        """Whether a candidate's pictures, or all of the person's, are too poor to rely on.

        The size of an imported face in its recording may be unknown: then its quality decides,
        which is that of the picture as it was cropped.
        """
        box = shown.seen.box
        references = [one.quality for one in shown.references]
        poor = min(shown.seen.quality, max(references, default=0.0)) < self.least_quality
        return poor or (any(box) and min(box[2:]) < self.least_face_px)


def decide(
    caller: Caller, case_id: int, key: Key, decision: Decision, *, account_id: int, rules: Rules
) -> int:
    """Keep an account's verdict with what was seen; returns whether it is the first or the second.

    Raises NotAuthorised when the case is not in force or the account requested this search,
    Settled when this account or two others have decided, Purged when there is nothing to decide.
    """
    with writing(caller.database) as session:
        case_in_force(session, case_id, caller.now)
        _refuse_requester(session, key, account_id, rules)
        shown, numbers = looked_at(session, case_id, key)
        seen = snapshot(shown, numbers, below_floor=rules.is_below_floor(shown))
        place = verdicts.give(
            session, key, account_id=account_id, decision=decision, seen=seen, now=caller.now
        )
        given = {"decision": decision.value, "place": place, **_as_logged(seen)}
        note(caller, session, Action.VERDICT_GIVEN, case_id, key, **given)
    return place


def undo(caller: Caller, case_id: int, key: Key, *, account_id: int) -> Decision:
    """Take an account's verdict back while it is the only one; returns what it was.

    Raises NotAuthorised when the case is not in force, Settled when there is nothing to take back.
    """
    with writing(caller.database) as session:
        case_in_force(session, case_id, caller.now)
        decision = verdicts.take_back(session, key, account_id=account_id)
        note(caller, session, Action.VERDICT_UNDONE, case_id, key, decision=decision.value)
    return decision


def override_quality(
    caller: Caller, case_id: int, key: Key, *, account_id: int, reason: str
) -> None:
    """Write down why verdicts count on pictures below the floor of quality.

    Raises WrongUsage without a reason, Purged when there is no such candidate.
    """
    if not reason.strip():
        raise WrongUsage("An override needs a written reason; give one.")
    with writing(caller.database) as session:
        case_in_force(session, case_id, caller.now)
        looked_at(session, case_id, key)
        verdicts.override(session, key, account_id=account_id, reason=reason, now=caller.now)
        note(caller, session, Action.QUALITY_OVERRIDDEN, case_id, key)


def own_decision(caller: Caller, key: Key, account_id: int) -> Decision | None:
    """The account's verdict on a candidate, if there is one."""
    with reading(caller.database) as session:
        given = verdicts.verdicts_on(session, key)
    return next((one.decision for one in given if one.account_id == account_id), None)


def looked_at(session: Session, case_id: int, key: Key) -> tuple[BlindView, Measured]:
    """A candidate of a case. Raises Purged when it is not there."""
    found = look(session, key)
    if found is None or found[0].case_id != case_id:
        raise Purged(GONE)
    return found


def note(
    caller: Caller, session: Session, action: Action, case_id: int, key: Key, **more: JsonValue
) -> None:
    """An entry in the audit log, about one candidate."""
    caller.act(action).record(
        session, case_id, person_id=key.person_id, appearance_id=key.appearance_id, **more
    )


def _as_logged(seen: Snapshot) -> dict[str, JsonValue]:
    return {
        "recording_sha256": seen.recording_sha256,
        "best_ms": seen.best_ms,
        "reference_id": seen.reference_id,
        "distance": seen.distance,
        "threshold": seen.threshold,
        "plan_key": seen.plan_key,
    }


def _refuse_requester(session: Session, key: Key, account_id: int, rules: Rules) -> None:
    asked = asked_by(session, key.person_id) in actors_of(session, account_id)
    if asked and not rules.requester_may_review:
        raise NotAuthorised(
            "You requested this search; two other reviewers must give the verdicts."
        )
