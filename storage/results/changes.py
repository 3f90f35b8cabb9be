"""The changes that rematches made, as displayed, and which candidates need another review."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlmodel import Session, col, select

from storage.database.batches import batches
from storage.jobs.listing import people_of_case
from storage.results.rematches import Difference, Place, Rematch, changes_in, composed, done
from storage.results.seen import Seen, seen_by_id
from storage.results.verdicts import Key, verdicts_of
from storage.tables import Reference


@dataclass(frozen=True, slots=True)
class Change:
    """One appearance that is a new candidate for a person, no longer one, or one that moved."""

    person_id: int
    person: str
    rematch_id: int
    """The latest rematch that changed it."""
    seen: Seen
    before: Place | None
    after: Place | None
    reference_before: str | None
    """The photo's name; None if there was none, or if the photo's data was deleted."""
    reference_after: str | None
    look_again: bool
    """Whether a reviewer had given a verdict on it before it was gone or moved."""

    @property
    def key(self) -> Key:
        """The key of verdicts on this candidate."""
        return Key(self.person_id, self.seen.appearance_id)

    @property
    def kind(self) -> Literal["new", "gone", "moved"]:
        """The effect on the candidate."""
        if self.before is None:
            return "new"
        return "gone" if self.after is None else "moved"


@dataclass(frozen=True, slots=True)
class Changes:
    """The rematches in question, and their changes by person and rank."""

    rematches: list[Rematch]
    changes: list[Change]
    names: dict[int, str]
    """Of the case's people, or of the requested one, by id."""


def changes(
    session: Session,
    case_id: int,
    *,
    engine: str,
    person_id: int | None = None,
    since: int | None = None,
) -> Changes:
    """What the latest rematch of each of a case's people changed.

    With `since`, the id of a rematch: what all later rematches changed together. With `person_id`,
    only for that person. Appearances that no longer exist are left out.
    """
    people = people_of_case(session, case_id)
    names = {id: name for id, name in people if person_id in (None, id)}
    decided = _decided(session, case_id)
    runs = done(session, list(names), engine=engine, since=since)
    found = []
    for person in names:
        ids = [run.id for run in runs if run.person_id == person]
        together = composed(changes_in(session, id) for id in ids)
        found += [(person, ids[-1], difference) for difference in together]
    seen = seen_by_id(session, {difference.appearance_id for _, _, difference in found})
    photos = _photos(session, [difference for _, _, difference in found])
    changed = [
        Change(
            person_id=person,
            person=names[person],
            rematch_id=rematch_id,
            seen=seen[difference.appearance_id],
            before=difference.before,
            after=difference.after,
            reference_before=_photo(difference.before, photos),
            reference_after=_photo(difference.after, photos),
            look_again=difference.before is not None
            and Key(person, difference.appearance_id) in decided,
        )
        for person, rematch_id, difference in found
        if difference.appearance_id in seen
    ]
    return Changes(runs, sorted(changed, key=_order), names)


def _decided(session: Session, case_id: int) -> set[Key]:
    given = verdicts_of(session, case_id)
    return {key for key, verdicts in given.items() if not all(v.seen.seeded for v in verdicts)}


def _order(change: Change) -> tuple[str, bool, int]:
    place = change.after or change.before
    return change.person, change.after is None, place.rank if place else 0


def _photo(place: Place | None, photos: dict[int, str]) -> str | None:
    return photos.get(place.reference_id) if place else None


def _photos(session: Session, differences: Sequence[Difference]) -> dict[int, str]:
    places = [place for each in differences for place in (each.before, each.after)]
    ids = {place.reference_id for place in places if place}
    statement = select(Reference.id, Reference.photo_name)
    return {
        id: name
        for batch in batches(ids)
        for id, name in session.exec(statement.where(col(Reference.id).in_(batch)))
    }
