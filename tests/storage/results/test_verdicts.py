"""The database itself holds the two-person rule, whatever a program asks of it."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from rows import NOW, TERMS, add_accounts
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from errors import Settled
from storage import tables
from storage.cases.case_terms import open_case
from storage.cases.people import add_person
from storage.database.database import reading, writing
from storage.results.verdicts import (
    Decision,
    Key,
    Snapshot,
    Standing,
    Vote,
    give,
    standing,
    take_back,
)
from storage.tables import QualityOverride

KEY = Key(1, 7)
SEEN = Snapshot(
    recording_sha256="a" * 64,
    start_ms=0,
    end_ms=2000,
    best_ms=500,
    crop="c" * 64 + ".jpg",
    quality=0.7,
    distance=0.3,
    threshold=0.6,
    reference_id=3,
    engine="stub",
    plan_key="0123456789abcdef",
    seeded=False,
    below_floor=False,
)


@pytest.fixture
def store(database: Engine) -> Engine:
    with writing(database) as session:
        add_accounts(session, *range(1, 13))
        case = open_case(session, reference="A-1", now=NOW, **TERMS)
        add_person(session, case_id=case.id, name="Ada", now=NOW)
    return database


def say(database: Engine, account_id: int, decision: Decision = Decision.SAME) -> int:
    with writing(database) as session:
        return give(session, KEY, account_id=account_id, decision=decision, seen=SEEN, now=NOW)


def run(database: Engine, sql: str) -> None:
    with writing(database) as session:
        session.connection().execute(text(sql))


def row(**changes: Any) -> tables.Verdict:
    values = {field: getattr(SEEN, field) for field in Snapshot.__slots__}
    ours = {"person_id": 1, "appearance_id": 7, "decision": Decision.SAME, "decided_at": NOW}
    return tables.Verdict(**values | ours | changes)


@pytest.mark.parametrize(
    "second",
    [
        {"account_id": 11, "place": 2},  # the same person again
        {"account_id": 12, "place": 1},  # two firsts
        {"account_id": 12, "place": 3},  # more than two
    ],
)
def test_the_database_refuses_all_but_two_people_in_two_places(
    store: Engine, second: dict[str, int]
) -> None:
    with writing(store) as session:
        session.add(row(account_id=11, place=1))
    with pytest.raises(DBAPIError), writing(store) as session:
        session.add(row(**second))


def test_the_database_lets_nobody_change_a_verdict(store: Engine) -> None:
    say(store, 11)
    with pytest.raises(DBAPIError, match="never changed"):
        run(store, "update verdict set decision = 'different'")


def test_the_database_keeps_verdicts_that_are_final(store: Engine) -> None:
    say(store, 11)
    say(store, 12)
    with pytest.raises(DBAPIError, match="final"):
        run(store, "delete from verdict where account_id = 11")


OTHERS = [{"reference_id": 4}, {"engine": "other"}, {"crop": "d" * 64 + ".jpg"}]
"""With each, something else was shown."""


@pytest.mark.parametrize("other", OTHERS)
def test_the_database_lets_the_same_two_decide_again_on_what_else_is_shown(
    store: Engine, other: dict[str, Any]
) -> None:
    with writing(store) as session:
        for account_id, place in ((11, 1), (12, 2)):
            session.add(row(account_id=account_id, place=place))
            session.add(row(account_id=account_id, place=place, **other))
    with pytest.raises(DBAPIError), writing(store) as session:
        session.add(row(account_id=10, place=2, **other))


@pytest.mark.parametrize("other", OTHERS)
def test_the_database_gives_one_account_one_place_in_what_else_is_shown(
    store: Engine, other: dict[str, Any]
) -> None:
    say(store, 11)
    with pytest.raises(DBAPIError), writing(store) as session:
        session.add(row(account_id=11, place=1, **other))
        session.add(row(account_id=11, place=2, **other))


def test_a_verdict_that_is_alone_on_what_was_shown_is_not_final(store: Engine) -> None:
    say(store, 11)
    with writing(store) as session:
        session.add(row(account_id=12, place=1, reference_id=4))
    run(store, "delete from verdict where account_id = 12")


def test_a_person_who_is_purged_takes_the_verdicts_along(store: Engine) -> None:
    say(store, 11)
    say(store, 12)
    run(store, "delete from person")
    with reading(store) as session:
        assert session.exec(select(tables.Verdict.id)).all() == []


def test_the_database_wants_a_reason_for_an_override(store: Engine) -> None:
    with pytest.raises(DBAPIError, match="reason"):
        run(
            store,
            "insert into quality_override (person_id, appearance_id, engine, reference_id, crop, "
            "account_id, reason, written_at) values (1, 7, 'stub', 3, '', 9, '  ', '2026-03-01')",
        )


def test_a_verdict_is_somebodys(store: Engine) -> None:
    with pytest.raises(DBAPIError):
        say(store, 99)


OVERRIDE = {
    "person_id": 1,
    "appearance_id": 7,
    "engine": "stub",
    "reference_id": 3,
    "crop": "",
    "reason": "clear",
    "written_at": NOW,
}


@pytest.mark.parametrize(
    "written",
    [lambda: row(account_id=11, place=1), lambda: QualityOverride(account_id=11, **OVERRIDE)],
    ids=["a verdict", "an override"],
)
def test_the_account_of_whoever_answers_for_something_is_kept(
    store: Engine, written: Callable[[], tables.Table]
) -> None:
    with writing(store) as session:
        session.add(written())
    run(store, "delete from account where id = 12")
    with pytest.raises(DBAPIError):
        run(store, "delete from account where id = 11")


def test_of_many_at_once_two_are_kept(store: Engine) -> None:
    places: list[int] = []

    def decide(account_id: int) -> None:
        try:
            places.append(say(store, account_id))
        except Settled:
            places.append(0)

    reviewers = [threading.Thread(target=decide, args=[account]) for account in range(1, 7)]
    for reviewer in reviewers:
        reviewer.start()
    for reviewer in reviewers:
        reviewer.join()
    assert sorted(places) == [0, 0, 0, 0, 1, 2]


def test_a_place_that_was_given_up_is_free_again(store: Engine) -> None:
    assert say(store, 11) == 1
    with writing(store) as session:
        take_back(session, KEY, SEEN.shown, account_id=11)
    assert [say(store, 12), say(store, 11)] == [1, 2]


def test_one_person_who_says_same_twice_supports_nothing() -> None:
    vote = Vote(11, Decision.SAME, below_floor=False)
    assert standing([vote, vote], overridden=True) is Standing.HALF
    assert standing([vote, replace(vote, account_id=12)], overridden=False) is Standing.SUPPORTED
