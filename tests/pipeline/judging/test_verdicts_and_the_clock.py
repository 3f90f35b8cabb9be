"""The order of verdicts holds though the clock of the machine was set back between them."""

from datetime import timedelta

from judged import ANN, BEN, CASE, KEYS, LATER, RULES, SAME, fill
from sqlalchemy import Engine

from pipeline.judging.review import decide
from storage.database.database import reading
from storage.results.verdicts import Standing, standings, verdicts_on

AN_HOUR = timedelta(hours=1)


def test_a_second_verdict_is_not_dated_before_the_first(database: Engine) -> None:
    """Today: `pipeline.judging.review.decide` stores `caller.now` as it is; only the check that the
    case is in force takes no time earlier than the newest entry of the audit log."""
    fill(database)
    for reviewer, now in ((ANN, LATER + 2 * AN_HOUR), (BEN, LATER + AN_HOUR)):
        asks, who = reviewer.asking(database, now), reviewer.account_id
        decide(asks, CASE, KEYS[0], SAME, account_id=who, rules=RULES)
    with reading(database) as session:
        first, second = verdicts_on(session, KEYS[0])
        assert standings(session, CASE)[KEYS[0]] is Standing.SUPPORTED
    assert (first.account_id, second.account_id) == (ANN.account_id, BEN.account_id)
    assert first.decided_at <= second.decided_at
