"""The audit log: appended to, never changed, and whatever is changed behind its back is found."""

import threading
from datetime import timedelta

import pytest
from rows import NOW, TERMS
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from storage.access.audit import Action, entries, number_of_entries, record
from storage.access.chain import Broken, Entry, first_broken
from storage.cases.case_terms import open_case
from storage.database.database import reading, writing
from storage.tables import Case


def log(database: Engine, number: int = 3) -> list[Entry]:
    """A log with so many entries more; returns all."""
    for each in range(number):
        with writing(database) as session:
            record(
                session,
                actor="uid:1000",
                action=Action.SEARCHED,
                case_id=each,
                objects={"engine": "stub", "threshold": 0.4, "person_ids": [each, 7]},
                now=NOW + timedelta(seconds=each),
            )
    with reading(database) as session:
        return list(entries(session))


def test_entries_follow_from_one_another(database: Engine) -> None:
    written = log(database)
    assert [one.position for one in written] == [1, 2, 3]
    assert written[0].objects == '{"engine":"stub","person_ids":[0,7],"threshold":0.4}'
    assert written[0].at == "2026-03-01T22:00:00.000000Z"
    assert first_broken(written, {}) is None
    with reading(database) as session:
        assert list(entries(session, after=1, limit=1)) == [written[1]]
        assert number_of_entries(session) == 3


def test_an_act_that_is_rolled_back_leaves_no_entry(database: Engine) -> None:
    with pytest.raises(ZeroDivisionError), writing(database) as session:
        record(session, actor="worker", action=Action.SEARCHED, now=NOW)
        raise ZeroDivisionError
    assert log(database, 1)[0].position == 1


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_entry set actor = 'uid:0' where id = 2",
        "delete from audit_entry where id = 3",
        "insert into audit_entry select id + 4, at, actor, action, case_id, objects, hash "
        "from audit_entry where id = 3",
    ],
)
def test_the_database_lets_nobody_change_the_log(database: Engine, statement: str) -> None:
    before = log(database)
    with (
        pytest.raises(DBAPIError, match="audit log"),
        database.execution_options(writes=True).begin() as connection,
    ):
        connection.execute(text(statement))
    assert log(database, 0) == before


def test_nobody_replaces_an_entry_or_empties_the_log(database: Engine) -> None:
    before = log(database)
    statement = {
        "sqlite": "insert or replace into audit_entry select 2, at, actor, action, case_id, "
        "objects, hash from audit_entry where id = 3",
        "postgresql": "truncate audit_entry",
    }[database.dialect.name]
    with (
        pytest.raises(DBAPIError, match="audit log"),
        database.execution_options(writes=True).begin() as connection,
    ):
        connection.execute(text(statement))
    assert log(database, 0) == before


def test_writers_at_the_same_time_make_one_chain(database: Engine) -> None:
    threads = [threading.Thread(target=log, args=(database, 15)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    written = log(database, 0)
    assert len(written) == 60
    assert first_broken(written, {}) is None


def test_an_act_and_its_entry_are_one_transaction(database: Engine) -> None:
    with writing(database) as session:
        open_case(session, reference="A-1", now=NOW, **TERMS)
        record(session, actor="account:1", action=Action.CASE_OPENED, case_id=1, now=NOW)
    with reading(database) as session:
        assert session.get(Case, 1) is not None
        assert number_of_entries(session) == 1


@pytest.mark.parametrize(
    "objects",
    [
        {"person": "Jane Doe"},
        {"reason": "Jane Doe"},
        {"name": "jane"},
        {"file": "gate.mp4"},
        {"numbers": [1, 2, 3]},
        {"vector_ids": [0.1, 0.2]},
        {"objects": {"name": "jane"}},
        {"Jane": 1},
    ],
)
def test_names_and_vectors_are_refused_and_not_repeated(
    database: Engine, objects: dict[str, object]
) -> None:
    refusal = pytest.raises(ValueError, match="an id, a digest, a code")
    with refusal as refused, writing(database) as session:
        record(session, actor="worker", action=Action.SEARCHED, objects=objects, now=NOW)
    assert "jane" not in str(refused.value).lower()


@pytest.mark.parametrize(
    ("actor", "action"), [("Jane", Action.SEARCHED), ("account:", Action.SEARCHED), ("worker", "x")]
)
def test_only_known_actors_and_actions_are_kept(database: Engine, actor: str, action: str) -> None:
    with pytest.raises(ValueError), writing(database) as session:
        record(session, actor=actor, action=action, now=NOW)


def test_a_checkpoint_tells_what_is_missing_at_the_end(database: Engine) -> None:
    written = log(database)
    assert first_broken(written[:2], {}) is None
    missing = first_broken(written[:2], {3: written[2].hash})
    assert missing == Broken(3, "It is missing: a checkpoint counted 3 entries.")
