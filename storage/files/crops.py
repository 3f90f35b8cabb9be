"""The pictures that the tables refer to."""

from collections.abc import Iterator

from sqlmodel import Session, col, select

from storage.files.media import number_of
from storage.tables import Appearance, Reference, Sighting

_ROWS_AT_ONCE = 10_000


def crop_numbers(session: Session) -> set[int]:
    """The numbers (`media.number_of`) of all pictures that a row refers to."""
    return {number_of(name) for name in crop_names(session)}


def crop_names(session: Session) -> Iterator[str]:
    """The names of all pictures that a row refers to, some of them repeatedly."""
    for table in (Sighting, Appearance):
        statement = select(col(table.crops)).execution_options(yield_per=_ROWS_AT_ONCE)
        for names in session.exec(statement):
            yield from names
    for name in session.exec(select(Reference.crop)):
        if name is not None:
            yield name
