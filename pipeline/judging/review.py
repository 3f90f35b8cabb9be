"""Review of candidates: two independent, final verdicts on each."""

from dataclasses import dataclass

from errors import Conflict, NotAuthorised, Purged, WrongUsage
from pipeline.act import Caller
from storage.access.audit import Action
from storage.access.chain import JsonValue
from storage.access.tokens import actors_of
from storage.cases.cases import case_in_force
from storage.database.database import Session, reading, writing
from storage.results import verdicts
from storage.results.blind_views import BlindView, Measured, look, snapshot, what_is_shown
from storage.results.requesters import requesters
from storage.results.verdicts import Decision, Key, Snapshot

OTHER = (
    "The pictures of this candidate changed before your verdict, so it was not stored; "
    "compare them again."
)
GONE = "This candidate was purged, or is no longer a candidate; continue with the next."


@dataclass(frozen=True, slots=True)
class Rules:
    """How strictly candidates are reviewed."""

    least_quality: float = 0.3
    """0..1; below it, two verdicts `same` need a supervisor's override to count."""
    least_face_px: float = 48.0
    """The same for the shorter side of the face, in the frame it was detected in."""
    requester_may_review: bool = False
    """Whether an account that added a photo of a person, or searched for them, may also review
    their candidates."""
    seed: int = 0
    """Shuffles the order in which each reviewer sees the candidates."""

    def is_below_floor(self, shown: BlindView) -> bool:
        """Whether the candidate's crops, or all reference photos, are below the quality floor.

        The size of an imported face in its recording may be unknown. Then only the quality counts,
        which was measured on the imported crop.
        """
        box = shown.seen.box
        quality = [reference.quality for reference in shown.references]
        poor = min(shown.seen.quality, max(quality, default=0.0)) < self.least_quality
        return poor or (any(box) and min(box[2:]) < self.least_face_px)


def decide(
    caller: Caller,
    case_id: int,
    key: Key,
    decision: Decision,
    *,
    account_id: int,
    rules: Rules,
    shown_was: str = "",
) -> int:
    """Store an account's verdict with what was shown; returns its place, 1 or 2.

    `shown_was` is `BlindView.shown` of what the account saw, if it is known. Raises NotAuthorised
    when the case is not in force or the account asked for this person, Settled when this account
    or two others have decided, Conflict when something else is shown now, Purged when the candidate
    no longer exists.
    """
    with writing(caller.database) as session:
        case_in_force(session, case_id, caller.now)
        _refuse_requester(session, case_id, key, account_id, rules)
        shown, numbers = looked_at(session, case_id, key)
        if shown_was not in ("", shown.shown):
            raise Conflict(OTHER)
        seen = snapshot(shown, numbers, below_floor=rules.is_below_floor(shown))
        place = verdicts.give(
            session, key, account_id=account_id, decision=decision, seen=seen, now=caller.now
        )
        given = {"decision": decision.value, "place": place, **_as_logged(seen)}
        note(caller, session, Action.VERDICT_GIVEN, case_id, key, **given)
    return place


def undo(caller: Caller, case_id: int, key: Key, *, account_id: int) -> Decision:
    """Withdraw an account's verdict while it is the only one; returns the decision it had.

    A verdict on another photo or picture than those shown now stays. Raises NotAuthorised when the
    case is not in force, Settled when there is nothing to withdraw, Purged when the candidate no
    longer exists.
    """
    with writing(caller.database) as session:
        case_in_force(session, case_id, caller.now)
        shown = what_is_shown(*looked_at(session, case_id, key))
        decision = verdicts.take_back(session, key, shown, account_id=account_id)
        note(caller, session, Action.VERDICT_UNDONE, case_id, key, decision=decision.value)
    return decision


def override_quality(
    caller: Caller, case_id: int, key: Key, *, account_id: int, reason: str
) -> None:
    """Store a supervisor's reason to accept verdicts on pictures below the quality floor.

    Raises WrongUsage without a reason, NotAuthorised when the case is not in force, Purged when
    there is no such candidate.
    """
    if not reason.strip():
        raise WrongUsage("An override needs a written reason; give one.")
    with writing(caller.database) as session:
        case_in_force(session, case_id, caller.now)
        shown = what_is_shown(*looked_at(session, case_id, key))
        verdicts.override(session, key, shown, account_id=account_id, reason=reason, now=caller.now)
        note(caller, session, Action.QUALITY_OVERRIDDEN, case_id, key)


def own_decision(caller: Caller, key: Key, account_id: int) -> Decision | None:
    """The account's decision on a candidate as it is shown now; None if it has given none."""
    with reading(caller.database) as session:
        viewed = look(session, key)
        given = verdicts.verdicts_on(session, key)
    now = verdicts.counting(given, what_is_shown(*viewed)) if viewed else []
    return next((verdict.decision for verdict in now if verdict.account_id == account_id), None)


def looked_at(session: Session, case_id: int, key: Key) -> tuple[BlindView, Measured]:
    """A candidate of a case, as shown and as measured. Raises Purged when there is none."""
    viewed = look(session, key)
    if viewed is None or viewed[0].case_id != case_id:
        raise Purged(GONE)
    return viewed


def note(
    caller: Caller, session: Session, action: Action, case_id: int, key: Key, **more: JsonValue
) -> None:
    """Append an entry on one candidate to the audit log."""
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


def barred_from(session: Session, case_id: int, account_id: int, rules: Rules) -> set[int]:
    """The people of a case whom an account asked for, and therefore does not review: it, or one of
    its tokens, added a photo of them or searched for them."""
    if rules.requester_may_review:
        return set()
    own = set(actors_of(session, account_id))
    return {id for id, actors in requesters(session, case_id).items() if actors & own}


def _refuse_requester(
    session: Session, case_id: int, key: Key, account_id: int, rules: Rules
) -> None:
    if key.person_id in barred_from(session, case_id, account_id, rules):
        raise NotAuthorised(
            "You added a photo of this person or searched for them; two other reviewers must give "
            "the verdicts."
        )
