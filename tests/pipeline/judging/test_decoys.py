"""Known strangers among the candidates: they measure the reviewers and are no result."""

from pathlib import Path

import pytest
from judged import ANN, BEN, RULES, SUPERVISOR, Reviewer
from painted import BLUE, RED, Stay, paint, paint_photo
from rows import add_accounts
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from steps import enrol, find, open_case

from errors import WrongUsage
from pipeline.analysis.rematch import match_person
from pipeline.clock import utc_now
from pipeline.context import Context
from pipeline.judging import decoys
from pipeline.judging.looking import next_sight
from pipeline.judging.review import decide
from pipeline.plan import Plan
from storage.database.database import reading, writing
from storage.results.case_view import number_of_candidates
from storage.results.decoys import Alarms, alarms
from storage.results.verdicts import Decision, Key, standings
from storage.tables import Account


@pytest.fixture
def case_id(context: Context, plan: Plan, tmp_path: Path) -> int:
    """Red is looked for and comes once; blue comes in another recording."""
    with writing(context.database) as session:
        add_accounts(session, *(one.account_id for one in (ANN, BEN, SUPERVISOR)))
    find(paint(tmp_path / "red.mp4", 3, Stay(RED, 0, 3)), context, plan)
    find(paint(tmp_path / "blue.mp4", 3, Stay(BLUE, 0, 3)), context, plan)
    case_id = open_case(context)
    photo = paint_photo(tmp_path / "red.png", RED)
    match_person(enrol("Red", [photo], case_id, context, plan).person_id, context)
    return case_id


def seed(
    context: Context, case_id: int, recording_id: int = 2, reason: str = "Our own staff."
) -> int:
    return decoys.seed(
        SUPERVISOR.asking(context.database, utc_now()),
        case_id,
        recording_id=recording_id,
        number=5,
        reason=reason,
        account_id=SUPERVISOR.account_id,
        rules=RULES,
        context=context,
    )


def judge_all(database: Engine, case_id: int, who: Reviewer, what: Decision) -> list[Key]:
    """One verdict on everything a reviewer is shown."""
    judged, asked, account = [], who.asking(database, utc_now()), who.account_id
    while shown := next_sight(asked, case_id, account, RULES).view:
        decide(asked, case_id, shown.key, what, account_id=account, rules=RULES)
        judged.append(shown.key)
    return judged


def test_a_decoy_is_shown_like_a_candidate_and_counts_for_the_reviewer_only(
    context: Context, case_id: int
) -> None:
    assert seed(context, case_id) == 1
    assert seed(context, case_id) == 0
    assert len(judge_all(context.database, case_id, ANN, Decision.SAME)) == 2
    assert len(judge_all(context.database, case_id, BEN, Decision.SAME)) == 2
    with reading(context.database) as session:
        assert [one.value for one in standings(session, case_id).values()] == ["supported"]
        assert number_of_candidates(session, case_id) == 1
        assert alarms(session, case_id) == [Alarms(11, 1, 1), Alarms(12, 1, 1)]


def test_decoys_can_be_taken_away_again(context: Context, case_id: int) -> None:
    seed(context, case_id)
    judge_all(context.database, case_id, ANN, Decision.DIFFERENT)
    assert decoys.stop(SUPERVISOR.asking(context.database, utc_now()), case_id) == 1
    assert len(judge_all(context.database, case_id, BEN, Decision.DIFFERENT)) == 1
    with reading(context.database) as session:
        assert alarms(session, case_id) == [Alarms(11, 0, 1)]


def test_a_candidate_is_never_a_decoy_and_a_reason_is_needed(
    context: Context, case_id: int
) -> None:
    with pytest.raises(WrongUsage, match="choose another"):
        seed(context, case_id, recording_id=1)
    with pytest.raises(WrongUsage, match="how it is known"):
        seed(context, case_id, reason=" ")


def test_whoever_showed_decoys_remains_an_account(context: Context, case_id: int) -> None:
    seed(context, case_id)
    with pytest.raises(IntegrityError), writing(context.database) as session:
        session.delete(session.get_one(Account, SUPERVISOR.account_id))
