"""How people decide on candidates: two of them, in an order that tells nothing, and for good."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from errors import NotAuthorised, Purged, WrongUsage
from storage import verdicts
from storage.audit import Action, record
from storage.cases import Case, case_in_force
from storage.chain import JsonValue
from storage.database import Engine, Session, writing
from storage.sights import Measured, Sight, as_seen, asked_by, look, undecided
from storage.verdicts import Decision, Key, Seen

GONE = "This candidate is not there any more: it was purged, or found no longer; take the next."


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

    def is_below_floor(self, shown: Sight) -> bool:
        """Whether a candidate's pictures, or all of the person's, are too poor to rely on."""
        references = [one.quality for one in shown.references]
        poor = min(shown.quality, max(references, default=0.0)) < self.least_quality
        return poor or min(shown.box[2:]) < self.least_face_px


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Whoever decides."""

    account_id: int

    @property
    def actor(self) -> str:
        """As the audit log writes it."""
        return f"account:{self.account_id}"


@dataclass(frozen=True, slots=True)
class Next:
    """What a reviewer is shown, and how many there are left for this reviewer."""

    sight: Sight | None
    """None when nothing is left."""
    left: int


def next_sight(
    database: Engine,
    case: str,
    reviewer: Reviewer,
    rules: Rules,
    *,
    now: datetime,
    after: Key | None = None,
) -> Next:
    """The next candidate for a reviewer, in an order of the reviewer's own; after the last, the
    first of those that were passed over. Raises NotAuthorised when the case is not in force.
    """
    with writing(database) as session:
        authority = case_in_force(session, case, now)
        keys = _open_to(session, authority, reviewer, rules)
        while keys:
            key = following(keys, after, seed=_seed(authority, reviewer, rules))
            if found := look(session, key):
                _record(session, Action.CANDIDATE_VIEWED, authority, key, reviewer.actor, now)
                return Next(found[0], len(keys))
            keys.remove(key)
    return Next(None, 0)


def following(keys: list[Key], after: Key | None, *, seed: str) -> Key:
    """The one behind `after` in an order that the seed shuffles; the first behind the last."""

    def place(key: Key) -> bytes:
        text = f"{seed}:{key.person_id}:{key.appearance_id}"
        return hashlib.blake2b(text.encode(), digest_size=8).digest()

    begin = b"" if after is None else place(after)
    return min(keys, key=lambda key: ((spot := place(key)) <= begin, spot))


def decide(
    database: Engine,
    case: str,
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
        authority = case_in_force(session, case, now)
        _refuse_requester(session, key, reviewer, rules)
        shown, numbers = _looked_at(session, authority, key)
        seen = as_seen(shown, numbers, below_floor=rules.is_below_floor(shown))
        place = verdicts.give(
            session, key, account_id=reviewer.account_id, decision=decision, seen=seen, now=now
        )
        given = {"decision": decision.value, "place": place, **_as_logged(seen)}
        _record(session, Action.VERDICT_GIVEN, authority, key, reviewer.actor, now, **given)
    return place


def undo(database: Engine, case: str, key: Key, *, reviewer: Reviewer, now: datetime) -> Decision:
    """Take one's own verdict back, as long as it is the only one; returns what it was.

    Raises NotAuthorised when the case is not in force, Settled when there is nothing to take back.
    """
    with writing(database) as session:
        authority = case_in_force(session, case, now)
        decision = verdicts.take_back(session, key, account_id=reviewer.account_id)
        taken = {"decision": decision.value}
        _record(session, Action.VERDICT_UNDONE, authority, key, reviewer.actor, now, **taken)
    return decision


def override_quality(
    database: Engine, case: str, key: Key, *, by: Reviewer, reason: str, now: datetime
) -> None:
    """Write down why verdicts count on pictures below the floor of quality.

    Raises WrongUsage without a reason, Purged when there is no such candidate.
    """
    if not reason.strip():
        raise WrongUsage("An override needs a reason in writing; give one.")
    with writing(database) as session:
        authority = case_in_force(session, case, now)
        _looked_at(session, authority, key)
        verdicts.override(session, key, account_id=by.account_id, reason=reason, now=now)
        _record(session, Action.QUALITY_OVERRIDDEN, authority, key, by.actor, now)


def _open_to(session: Session, case: Case, reviewer: Reviewer, rules: Rules) -> list[Key]:
    barred = "" if rules.requester_may_review else reviewer.actor
    return undecided(session, case.id, account_id=reviewer.account_id, not_asked_by=barred)


def _seed(case: Case, reviewer: Reviewer, rules: Rules) -> str:
    return f"{rules.seed}:{case.id}:{reviewer.account_id}"


def _looked_at(session: Session, case: Case, key: Key) -> tuple[Sight, Measured]:
    found = look(session, key)
    if found is None or found[0].case_id != case.id:
        raise Purged(GONE)
    return found


def _record(
    session: Session,
    action: Action,
    case: Case,
    key: Key,
    actor: str,
    now: datetime,
    **more: JsonValue,
) -> None:
    objects = {"person_id": key.person_id, "appearance_id": key.appearance_id, **more}
    record(session, actor=actor, action=action, case_id=case.id, objects=objects, now=now)


def _as_logged(seen: Seen) -> dict[str, JsonValue]:
    return {
        "recording_sha256": seen.recording_sha256,
        "best_ms": seen.best_ms,
        "reference_id": seen.reference_id,
        "distance": seen.distance,
        "threshold": seen.threshold,
        "plan_key": seen.plan_key,
    }


def _refuse_requester(session: Session, key: Key, reviewer: Reviewer, rules: Rules) -> None:
    asked = asked_by(session, key.person_id) == reviewer.actor
    if asked and not rules.requester_may_review:
        raise NotAuthorised("You asked for this search; two others decide on what it found.")
