"""What rematches changed, with all that a reader of it needs, and who must look again."""

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
    """One appearance that became, was, or is otherwise than before a candidate for a person."""

    person_id: int
    person: str
    rematch_id: int
    """The latest that changed it."""
    seen: Seen
    before: Place | None
    after: Place | None
    reference_before: str | None
    """The photo's name; None where there was none, or where all that was known of it is gone."""
    reference_after: str | None
    look_again: bool
    """Whether somebody decided on it before it went or moved."""

    @property
    def kind(self) -> Literal["new", "gone", "moved"]:
        """What became of it."""
        if self.before is None:
            return "new"
        return "gone" if self.after is None else "moved"


@dataclass(frozen=True, slots=True)
class Changes:
    """The rematches that are told of, and what they changed, by person and rank."""

    rematches: list[Rematch]
    changes: list[Change]
    names: dict[int, str]
    """Of the case's people, or of the one who was asked for."""


def changes(
    session: Session,
    case_id: int,
    *,
    engine: str,
    person_id: int | None = None,
    since: int | None = None,
) -> Changes:
    """What the last rematch of each of a case's people changed, or all since one together.

    Of one person only if given. What is not kept any more is left out.
    """
    people = people_of_case(session, case_id)
    names = {id: name for id, name in people if person_id in (None, id)}
    decided = _decided(session, case_id)
    runs = done(session, list(names), engine=engine, since=since)
    found = []
    for person in names:
        ids = [one.id for one in runs if one.person_id == person]
        together = composed(changes_in(session, id) for id in ids)
        found += [(person, ids[-1], one) for one in together]
    seen = seen_by_id(session, {one.appearance_id for _, _, one in found})
    photos = _photos(session, [one for _, _, one in found])
    told = [
        Change(
            person_id=person,
            person=names[person],
            rematch_id=rematch_id,
            seen=seen[one.appearance_id],
            before=one.before,
            after=one.after,
            reference_before=_photo(one.before, photos),
            reference_after=_photo(one.after, photos),
            look_again=one.before is not None and Key(person, one.appearance_id) in decided,
        )
        for person, rematch_id, one in found
        if one.appearance_id in seen
    ]
    return Changes(runs, sorted(told, key=_order), names)


def _decided(session: Session, case_id: int) -> set[Key]:
    given = verdicts_of(session, case_id)
    return {key for key, some in given.items() if not all(one.seen.seeded for one in some)}


def _order(change: Change) -> tuple[str, bool, int]:
    place = change.after or change.before
    return change.person, change.after is None, place.rank if place else 0


def _photo(place: Place | None, photos: dict[int, str]) -> str | None:
    return photos.get(place.reference_id) if place else None


def _photos(session: Session, found: Sequence[Difference]) -> dict[int, str]:
    ids = {place.reference_id for one in found for place in (one.before, one.after) if place}
    statement = select(Reference.id, Reference.photo_name)
    return {
        id: name
        for some in batches(ids)
        for id, name in session.exec(statement.where(col(Reference.id).in_(some)))
    }
