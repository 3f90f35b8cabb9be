"""What this archive has had at least one of; for the first steps of a new installation."""

from dataclasses import dataclass

from sqlmodel import Session, select

from storage import tables


@dataclass(frozen=True, slots=True)
class Begun:
    """Whether there is one of each."""

    case: bool
    recording: bool
    person: bool


def begun(session: Session) -> Begun:
    """Read it; each is one row at most."""
    return Begun(
        case=session.exec(select(tables.Case.id).limit(1)).first() is not None,
        recording=session.exec(select(tables.Recording.id).limit(1)).first() is not None,
        person=session.exec(select(tables.Person.id).limit(1)).first() is not None,
    )
