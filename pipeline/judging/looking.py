"""What a reviewer is shown: blind views, in a different order for each reviewer."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from errors import Purged
from pipeline.act import Caller
from pipeline.judging.review import Rules, barred_from, looked_at, note
from storage.access.audit import Action
from storage.access.chain import JsonValue
from storage.cases.cases import case_in_force, case_to_read, list_cases
from storage.database.database import Session, reading, writing
from storage.results.blind_views import BlindView, look, undecided
from storage.results.case_view import crop_of_photo, crops_of_appearance
from storage.results.verdicts import Key


@dataclass(frozen=True, slots=True)
class Next:
    """The next candidate for a reviewer, and how many are left for this reviewer."""

    view: BlindView | None
    """None when no candidate is left."""
    left: int


@dataclass(frozen=True, slots=True)
class CaseToReview:
    """A case in force, and how many of its candidates a reviewer may review."""

    id: int
    reference: str
    purpose: str
    expires_at: datetime
    left: int


def cases_to_review(caller: Caller, account_id: int, rules: Rules) -> list[CaseToReview]:
    """Every case in force, the newest first, with the number left for this reviewer's account."""
    with reading(caller.database) as session:
        return [
            CaseToReview(
                case.id,
                case.reference,
                case.purpose,
                case.expires_at,
                len(_open_to(session, case.id, account_id, rules)),
            )
            for case in list_cases(session)
            if case.is_in_force(caller.now)
        ]


def next_sight(
    caller: Caller, case_id: int, account_id: int, rules: Rules, *, after: Key | None = None
) -> Next:
    """The candidate after `after` in this reviewer's own order; after the last, the first skipped
    one. That it was viewed is recorded. Raises NotAuthorised when the case is not in force.
    """
    with writing(caller.database) as session:
        case_in_force(session, case_id, caller.now)
        keys = _open_to(session, case_id, account_id, rules)
        while keys:
            key = following(keys, after, seed=f"{rules.seed}:{case_id}:{account_id}")
            if viewed := look(session, key):
                note(caller, session, Action.CANDIDATE_VIEWED, case_id, key)
                return Next(viewed[0], len(keys))
            keys.remove(key)
    return Next(None, 0)


def following(keys: list[Key], after: Key | None, *, seed: str) -> Key:
    """The key after `after` in an order shuffled by `seed`; after the last, the first."""

    def place(key: Key) -> bytes:
        text = f"{seed}:{key.person_id}:{key.appearance_id}"
        return hashlib.blake2b(text.encode(), digest_size=8).digest()

    begin = b"" if after is None else place(after)
    return min(keys, key=lambda key: ((spot := place(key)) <= begin, spot))


def see(caller: Caller, case_id: int, key: Key) -> BlindView:
    """One candidate, regardless of the order; that it was viewed is recorded.

    Raises NotAuthorised when the case is not in force, Purged when the candidate no longer exists.
    """
    with writing(caller.database) as session:
        case_in_force(session, case_id, caller.now)
        shown, _ = looked_at(session, case_id, key)
        note(caller, session, Action.CANDIDATE_VIEWED, case_id, key)
    return shown


def look_closer(
    caller: Caller, case_id: int, key: Key, action: Action, **more: JsonValue
) -> BlindView:
    """A candidate whose picture or clip is viewed; `action` is recorded, with `more`.

    Raises NotAuthorised, Locked, and Purged when the candidate no longer exists.
    """
    with writing(caller.database) as session:
        case_to_read(session, case_id, caller.now)
        shown, _ = looked_at(session, case_id, key)
        note(caller, session, action, case_id, key, **more)
    return shown


def look_closer_at_photo(caller: Caller, case_id: int, photo_id: int) -> str:
    """The name of a reference photo's crop; that it was viewed is recorded.

    Raises NotAuthorised, Locked, and Purged when there is no such crop.
    """
    act = caller.act(Action.CROP_VIEWED)
    with act.on(case_id) as session:
        case_to_read(session, case_id, caller.now)
        crop = crop_of_photo(session, case_id, photo_id)
        if crop is None:
            raise Purged("No picture of this photo: it was rejected, withdrawn or purged.")
        act.record(session, case_id, reference_id=photo_id)
    return crop


def look_at_appearance(caller: Caller, case_id: int, appearance_id: int, place: int) -> str:
    """The name of one crop of an appearance that a search by photo found; `place` counts from 0.

    That it was viewed is recorded. Raises NotAuthorised when the case is not in force, Purged when
    there is no such crop in the footage that the case allows.
    """
    act = caller.act(Action.CROP_VIEWED)
    with act.on(case_id) as session:
        case = case_in_force(session, case_id, caller.now)
        crops = crops_of_appearance(session, case, appearance_id)
        if not 0 <= place < len(crops):
            raise Purged("There is no such picture in the footage that this case allows.")
        act.record(session, case_id, appearance_id=appearance_id, place=place)
    return crops[place]


def _open_to(session: Session, case_id: int, account_id: int, rules: Rules) -> list[Key]:
    barred = barred_from(session, case_id, account_id, rules)
    return undecided(session, case_id, account_id=account_id, without=barred)
