"""Who searches far more than they used to is seen; who always searched much is not."""

from datetime import UTC, datetime, timedelta

import pytest

from storage.access.audit import Action, record
from storage.access.search_counts import SearchCount, search_counts
from storage.database.database import Engine, reading, writing

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def search(database: Engine, actor: str, times: int, days_ago: float) -> None:
    with writing(database) as session:
        for _ in range(times):
            at = NOW - timedelta(days=days_ago)
            record(session, actor=actor, action=Action.SEARCHED, objects={}, now=at)


def test_searches_are_counted_by_actor_lately_and_in_the_weeks_before(database: Engine) -> None:
    search(database, "account:1", 9, days_ago=40)
    search(database, "account:1", 8, days_ago=20)
    search(database, "account:2", 3, days_ago=2)
    search(database, "account:1", 2, days_ago=1)
    with writing(database) as session:
        record(session, actor="account:3", action=Action.CASE_VIEWED, objects={}, now=NOW)
    with reading(database) as session:
        assert search_counts(session, NOW) == [
            SearchCount("account:2", 3, 0.0),
            SearchCount("account:1", 2, 2.0),
        ]


@pytest.mark.parametrize(
    ("lately", "usual", "is_unusual"),
    [(19, 0, False), (20, 0, True), (30, 10, False), (31, 10, True), (300, 200, False)],
)
def test_many_more_than_usual_are_unusual(lately: int, usual: float, is_unusual: bool) -> None:
    assert SearchCount("account:1", lately, usual).is_unusual is is_unusual
