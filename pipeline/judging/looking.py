"""What a reviewer is shown: in an order of the reviewer's own, and nothing that gives a hint."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from errors import Purged
from pipeline.act import Caller
from pipeline.judging.review import Reviewer, Rules, looked_at, note
from storage.access.audit import Action
from storage.access.chain import JsonValue
from storage.access.tokens import actors_of
from storage.cases.case_ids import case_in_force_by_id, case_to_read_by_id
from storage.cases.cases import list_cases
from storage.database.database import Engine, Session, reading, writing
from storage.results.blind_views import BlindView, look, undecided
from storage.results.case_view import crop_of_photo, crops_of_appearance
from storage.results.verdicts import Key


@dataclass(frozen=True, slots=True)
class Next:
    """What a reviewer is shown, and how many are left for this reviewer."""

    view: BlindView | None
    """None when nothing is left."""
    left: int


@dataclass(frozen=True, slots=True)
class CaseToReview:
    """A case in force, and how many of its candidates a reviewer may decide on."""

    id: int
    reference: str
    purpose: str
    expires_at: datetime
    left: int


def cases_to_review(
    database: Engine, reviewer: Reviewer, rules: Rules, *, now: datetime
) -> list[CaseToReview]:
    """Every case in force, the newest first."""
    with reading(database) as session:
        return [
            CaseToReview(
                one.id,
                one.reference,
                one.purpose,
                one.expires_at,
                len(_open_to(session, one.id, reviewer, rules)),
            )
            for one in list_cases(session)
            if one.is_in_force(now)
        ]


def next_sight(
    database: Engine,
    case_id: int,
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
        case_in_force_by_id(session, case_id, now)
        keys = _open_to(session, case_id, reviewer, rules)
        while keys:
            key = following(keys, after, seed=f"{rules.seed}:{case_id}:{reviewer.account_id}")
            if found := look(session, key):
                note(session, Action.CANDIDATE_VIEWED, case_id, key, reviewer.actor, now)
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


def see(
    database: Engine, case_id: int, key: Key, *, reviewer: Reviewer, now: datetime
) -> BlindView:
    """One candidate, in whatever order. Raises NotAuthorised, Purged."""
    with writing(database) as session:
        case_in_force_by_id(session, case_id, now)
        shown, _ = looked_at(session, case_id, key)
        note(session, Action.CANDIDATE_VIEWED, case_id, key, reviewer.actor, now)
    return shown


def look_closer(
    database: Engine,
    case_id: int,
    key: Key,
    *,
    actor: str,
    action: Action,
    now: datetime,
    **more: JsonValue,
) -> BlindView:
    """A candidate of which somebody looks at a picture or a clip. Raises NotAuthorised, Purged."""
    with writing(database) as session:
        case_to_read_by_id(session, case_id, now)
        shown, _ = looked_at(session, case_id, key)
        note(session, action, case_id, key, actor, now, **more)
    return shown


def look_closer_at_photo(
    database: Engine, case_id: int, photo_id: int, *, actor: str, now: datetime
) -> str:
    """The name of a reference photo's picture. Raises NotAuthorised, Purged."""
    act = Caller(database, actor, now).act(Action.CROP_VIEWED)
    with act.on(case_id) as session:
        case_to_read_by_id(session, case_id, now)
        crop = crop_of_photo(session, case_id, photo_id)
        if crop is None:
            raise Purged("No picture of this photo: it was rejected, withdrawn or purged.")
        act.record(session, case_id, reference_id=photo_id)
    return crop


def look_at_appearance(
    database: Engine, case_id: int, appearance_id: int, place: int, *, actor: str, now: datetime
) -> str:
    """The name of one of the pictures, counted from 0, of what a search by photo found.

    Raises NotAuthorised, Purged.
    """
    act = Caller(database, actor, now).act(Action.CROP_VIEWED)
    with act.on(case_id) as session:
        case = case_in_force_by_id(session, case_id, now)
        crops = crops_of_appearance(session, case, appearance_id)
        if not 0 <= place < len(crops):
            raise Purged("There is no such picture in the footage that this case allows.")
        act.record(session, case_id, appearance_id=appearance_id, place=place)
    return crops[place]


def _open_to(session: Session, case_id: int, reviewer: Reviewer, rules: Rules) -> list[Key]:
    account = reviewer.account_id
    barred = [] if rules.requester_may_review else actors_of(session, account)
    return undecided(session, case_id, account_id=account, not_asked_by=barred)
