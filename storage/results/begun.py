"""Whether the archive has a case, a recording and a person; for the first steps after install."""

from dataclasses import dataclass

from sqlmodel import Session, select

from storage import tables


@dataclass(frozen=True, slots=True)
class Begun:
    """For each kind, whether there is at least one."""

    case: bool
    recording: bool
    person: bool


def begun(session: Session) -> Begun:
    """Whether the archive has a case, a recording and a person; reads at most one row of each."""
    return Begun(
        case=session.exec(select(tables.Case.id).limit(1)).first() is not None,
        recording=session.exec(select(tables.Recording.id).limit(1)).first() is not None,
        person=session.exec(select(tables.Person.id).limit(1)).first() is not None,
    )
