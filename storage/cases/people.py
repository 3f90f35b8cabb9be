"""Persons of interest of a case."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import and_, delete, func
from sqlmodel import Session, col, select

from errors import WrongUsage
from storage import tables
from storage.cases.cases import EVER, Case, as_case, in_force
from storage.cases.scope import Scope, within
from storage.cases.sealed_vectors import openable
from storage.database.upsert import insert_if_new
from storage.tables import Category


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person of interest of a case."""

    id: int
    name: str
    category: Category
    review_at: datetime
    usable_photos: int


@dataclass(frozen=True, slots=True)
class Standing:
    """The role of a person in the case, and when that is due for review; None leaves what was
    stated. A new person has the role `other`, and is due for review when the case expires."""

    category: Category | None = None
    review_at: datetime | None = None


AS_IT_IS = Standing()


def add_person(
    session: Session,
    *,
    case_id: int,
    name: str,
    now: datetime,
    standing: Standing = AS_IT_IS,
    asked_by: str | None = None,
) -> int:
    """Add a person of interest to a case; the same name in the same case is the same person.

    `asked_by` is an actor of the audit log. Returns the person's id.
    """
    given = {name: value for name, value in asdict(standing).items() if value is not None}
    values = {"category": Category.OTHER, "review_at": EVER[1]} | given
    asked = {"asked_at": now, "asked_by": asked_by}
    is_new = insert_if_new(session, tables.Person, case_id=case_id, name=name, **asked, **values)
    person = session.exec(select(tables.Person).filter_by(case_id=case_id, name=name)).one()
    if not is_new and given:
        person.sqlmodel_update(given)
        session.flush()
    return person.id


def cases_of(session: Session, person_ids: Collection[int]) -> dict[int, Case]:
    """The case of each of these people, by person id; people who no longer exist are left out."""
    statement = (
        select(tables.Person.id, tables.Case)
        .join(tables.Case)
        .where(col(tables.Person.id).in_(person_ids))
    )
    return {person_id: as_case(row) for person_id, row in session.exec(statement)}


def people_allowed(session: Session, analysis_id: int, now: datetime) -> list[int]:
    """Ids of people who may be searched for in an analysis's recording: their case is in force and
    covers it."""
    recording = select(tables.Analysis.recording_id).where(col(tables.Analysis.id) == analysis_id)
    of_cases = [
        case.id
        for case in map(as_case, session.exec(select(tables.Case).where(in_force(now))))
        if session.exec(
            select(tables.Recording.id).where(
                col(tables.Recording.id).in_(recording), within(session, Scope(case))
            )
        ).first()
    ]
    statement = select(tables.Person.id).where(col(tables.Person.case_id).in_(of_cases))
    return list(session.exec(statement))


def people_in(session: Session, case_id: int) -> list[PersonRow]:
    """The persons of interest of a case, in the order they were enrolled."""
    statement = (
        select(tables.Person, tables.Case.expires_at, func.count(col(tables.Reference.id)))
        .join(tables.Case)
        .outerjoin(
            tables.Reference,
            and_(
                col(tables.Reference.person_id) == col(tables.Person.id),
                openable(),
            ),
        )
        .where(col(tables.Person.case_id) == case_id)
        .group_by(col(tables.Person.id), col(tables.Case.expires_at))
        .order_by(col(tables.Person.id))
    )
    return [
        PersonRow(
            person.id, person.name, person.category, min(person.review_at, expires_at), photos
        )
        for person, expires_at, photos in session.exec(statement)
    ]


def find_person(session: Session, case_id: int, name: str) -> int:
    """The id of a case's person of interest. Raises WrongUsage if it has none of that name."""
    statement = select(tables.Person.id).filter_by(case_id=case_id, name=name)
    person_id = session.exec(statement).one_or_none()
    if person_id is None:
        raise WrongUsage("The case has no person of interest of that name; `enrol` adds people.")
    return person_id


def forget_person(session: Session, person_id: int) -> None:
    """Delete a person with all references, candidates and verdicts."""
    session.exec(delete(tables.Person).where(col(tables.Person.id) == person_id))


def lock_people(session: Session, person_ids: Sequence[int]) -> None:
    """Lock these people's references and candidates against other changes until the commit."""
    statement = select(tables.Person.id).where(col(tables.Person.id).in_(person_ids))
    session.exec(statement.order_by(col(tables.Person.id)).with_for_update()).all()
