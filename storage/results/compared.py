"""Compared with what: the one answer that every statement of absence or completeness rests on.

For each person of a case: which recordings, how much footage and how many faces were compared, and
which were not, and why. Recordings that are not of the case's sources are neither counted nor
named.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session, col, select

from storage.cases.cases import EVER, Case
from storage.cases.people import PersonRow, people_in
from storage.cases.scope import Scope
from storage.results.comparison_keys import person_keys
from storage.results.comparisons import searched_for
from storage.results.reach import Extent, Footage, Reach, Unsearched, footage, gaps_ms, total
from storage.tables import Person, PersonComparison, Reference
from storage.vectors.models import in_use


@dataclass(frozen=True, slots=True)
class Compared:
    """What a person was compared with, by one engine."""

    person_id: int
    person: str
    compared: Extent
    of: Extent
    """The footage of the case's sources, but for what was recorded outside its window."""
    gaps_ms: int
    """How much of the compared recordings could not be processed."""
    has_photo: bool
    """Whether the engine has a usable photo of the person."""
    undated: int
    """Compared recordings that were added for the case and whose recording time is unknown."""
    not_embedded: int
    """Faces in compared recordings that the engine could not embed."""
    left_out: Mapping[Unsearched, Extent]
    by_file: tuple[Footage, ...]
    """Recordings that were added for the case, and that the date in the file keeps out."""

    @classmethod
    def of_search(cls, covered: Reach) -> "Compared":
        """What a search compared, for one who is not enrolled."""
        outside = (Unsearched.OUTSIDE_CASE, Unsearched.OUTSIDE_FILTERS)
        left_out = {why: e for why, e in covered.not_searched.items() if why not in outside}
        missed = [e for why, e in left_out.items() if why is not Unsearched.OUTSIDE_WINDOW]
        did = covered.searched
        return cls(
            person_id=0,
            person="",
            compared=replace(did, faces=did.faces + covered.imported),
            of=total([replace(did, faces=covered.faces), *missed]),
            gaps_ms=covered.gaps_ms,
            has_photo=True,
            undated=0,
            not_embedded=covered.faces - did.faces,
            left_out=left_out,
            by_file=covered.by_file,
        )

    @property
    def is_complete(self) -> bool:
        """Whether nothing of the case's footage was left out."""
        missed = self.left_out.keys() - {Unsearched.OUTSIDE_WINDOW}
        return self.has_photo and not (missed or self.gaps_ms or self.not_embedded)


def compared_as_shown(session: Session, case: Case, now: datetime) -> list[Compared]:
    """`compared` for the engine whose candidates are shown; empty if nobody was enrolled."""
    of_case = select(Reference.engine).join(Person).where(col(Person.case_id) == case.id)
    newest = session.exec(of_case.order_by(col(Reference.id).desc()).limit(1)).first()
    engine = in_use(session) or newest
    return [] if engine is None else compared(session, case, engine, now)


def compared(session: Session, case: Case, engine: str, now: datetime) -> list[Compared]:
    """What each of a case's people was compared with by an engine, in the order of enrolment."""
    people = people_in(session, case.id)
    ids = [person.id for person in people]
    of_case = [
        one
        for one in footage(session, engine, Scope(case))
        if one.why_not is not Unsearched.OUTSIDE_CASE
    ]
    gaps = gaps_ms(session, of_case)
    keys = person_keys(session, ids, engine=engine)
    searched = searched_for(session, now, person_ids=ids)
    rows = select(PersonComparison).where(
        col(PersonComparison.person_id).in_(ids), col(PersonComparison.engine) == engine
    )
    stored = {row.person_id: row for row in session.exec(rows)}
    is_any_time = (case.footage_from, case.footage_until) == EVER
    answers = []
    for person in people:
        row, key = stored.get(person.id), keys.get((person.id, engine))
        unfinished = Unsearched.NOT_MATCHED if person.id in searched else Unsearched.NOT_IN_FORCE
        has_photo = key is not None
        whys = [_why_not(one, row, key, unfinished) for one in of_case]
        answers.append(
            _answer(person, of_case, whys, gaps, has_photo=has_photo, is_any_time=is_any_time)
        )
    return answers


def _why_not(
    one: Footage, row: PersonComparison | None, key: str | None, unfinished: Unsearched
) -> Unsearched | None:
    """Why a recording was not compared with a person; None if it was."""
    if key is None:
        return Unsearched.NO_PHOTO
    if one.why_not not in (None, Unsearched.ERASED, Unsearched.IMPORTED):
        return one.why_not
    not_yet = Unsearched.ERASED if one.why_not is Unsearched.ERASED else unfinished
    matched = one.matched
    if row is None or row.key != key or matched is None or not matched.holds:
        return not_yet
    if row.until_id is not None and matched.id >= row.until_id:
        return not_yet
    if one.why_not is Unsearched.IMPORTED:
        return Unsearched.IMPORTED  # its faces were compared, but no footage was searched
    # What was compared before bystanders were purged was compared in full.
    if one.erased_at is not None and max(row.compared_at, matched.at) >= one.erased_at:
        return Unsearched.ERASED
    return None


def _answer(
    person: PersonRow,
    of_case: Sequence[Footage],
    whys: Sequence[Unsearched | None],
    gaps: Mapping[int, int],
    *,
    has_photo: bool,
    is_any_time: bool,
) -> Compared:
    by_reason: dict[Unsearched | None, list[Footage]] = defaultdict(list)
    for one, why in zip(of_case, whys, strict=True):
        by_reason[why].append(one)
    did = by_reason.pop(None, [])
    imported = by_reason.get(Unsearched.IMPORTED, [])
    covered = [one for one in of_case if one.why_not is not Unsearched.OUTSIDE_WINDOW]
    return Compared(
        person_id=person.id,
        person=person.name,
        compared=replace(
            total(one.extent for one in did), faces=sum(one.embedded for one in (*did, *imported))
        ),
        of=total(one.extent for one in covered),
        gaps_ms=sum(gaps.get(one.recording_id, 0) for one in did),
        has_photo=has_photo,
        undated=0 if is_any_time else sum(one.captured_ms is None for one in did),
        not_embedded=sum(one.faces - one.embedded for one in did),
        left_out={
            why: total(one.extent for one in by_reason[why])
            for why in Unsearched
            if by_reason.get(why)
        },
        by_file=tuple(by_reason.get(Unsearched.FILE_DATE, ())),
    )
