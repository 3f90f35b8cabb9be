"""People and photos are withdrawn by their numbers, of the case that has them only."""

import pytest
from callers import caller
from judged import CASE, LATER, fill
from rows import NOW, TERMS
from sqlalchemy import Engine

from errors import NotAuthorised, NotFound
from pipeline.act import Caller
from pipeline.people.withdraw import withdraw_person, withdraw_reference
from storage.access.audit import entries
from storage.cases.case_terms import open_case
from storage.cases.people import people_in
from storage.cases.references import WITHDRAWN, references
from storage.database.database import reading, writing
from storage.tables import Reference


def who(store: Engine) -> Caller:
    return caller(store, "token:4", LATER)


@pytest.fixture
def store(database: Engine) -> Engine:
    """Case 1 looks for somebody by one photo; case 2 for nobody."""
    fill(database)
    with writing(database) as session:
        open_case(session, reference="B", now=NOW, **TERMS)
        session.get_one(Reference, 1).photo_sha256 = 32 * "ab"  # the log takes nothing else
    return database


def test_a_photo_is_taken_back_once(store: Engine) -> None:
    assert withdraw_reference(who(store), CASE, 1) == 1
    with reading(store) as session:
        assert [one.verdict for one in references(session, 1)] == [WITHDRAWN]
        assert [one.actor for one in entries(session)] == ["token:4"]
    with pytest.raises(NotFound, match="No such photo in use"):
        withdraw_reference(who(store), CASE, 1)


def test_somebody_is_forgotten_with_everything(store: Engine) -> None:
    withdraw_person(who(store), CASE, 1)
    with reading(store) as session:
        assert people_in(session, CASE) == []


def test_another_case_withdraws_nothing_of_this_one(store: Engine) -> None:
    with pytest.raises(NotFound, match="No person of interest with this number"):
        withdraw_person(who(store), 2, 1)
    with pytest.raises(NotFound, match="No such photo"):
        withdraw_reference(who(store), 2, 1)
    with pytest.raises(NotAuthorised, match="No such case"):
        withdraw_reference(who(store), 3, 1)
    with reading(store) as session:
        assert len(people_in(session, CASE)) == 1
        assert [one.action for one in entries(session)] == ["refused"]
