"""People decide: two of them, each without knowing of the other, and for good."""

from dataclasses import fields, replace
from datetime import timedelta

import pytest
from judged import (
    ANN,
    BEN,
    CASE,
    CY,
    DIFFERENT,
    INCONCLUSIVE,
    KEYS,
    LATER,
    RULES,
    SAME,
    SUPERVISOR,
    Reviewer,
    fill,
    match,
    next_for,
    order,
    says,
)
from rows import NOW
from sqlalchemy import Engine

from errors import NotAuthorised, Purged, Settled, WrongUsage
from pipeline.judging.looking import Next
from pipeline.judging.review import override_quality, undo
from storage.access.accounts import Role, add_account, find_account
from storage.access.audit import entries
from storage.access.tokens import add_token
from storage.database.database import reading, writing
from storage.jobs.control import forget
from storage.results.blind_views import BlindView
from storage.results.verdicts import Decision, Key, Standing, standings, verdicts_of

FIRST = KEYS[0]
STRICT = replace(RULES, least_quality=0.9)


@pytest.fixture
def store(database: Engine) -> Engine:
    fill(database)
    return database


def standing(database: Engine, key: Key = FIRST) -> Standing:
    with reading(database) as session:
        return standings(session, 1).get(key, Standing.OPEN)


def overrides(database: Engine, who: Reviewer, reason: str, key: Key = FIRST) -> None:
    asked = who.asking(database)
    override_quality(asked, CASE, key, account_id=who.account_id, reason=reason)


def take_back(database: Engine, who: Reviewer) -> Decision:
    return undo(who.asking(database), CASE, FIRST, account_id=who.account_id)


@pytest.mark.parametrize(
    ("one", "other", "comes_to"),
    [
        (SAME, SAME, Standing.SUPPORTED),
        (DIFFERENT, DIFFERENT, Standing.NOT_SUPPORTED),
        (SAME, DIFFERENT, Standing.INCONCLUSIVE),
        (DIFFERENT, SAME, Standing.INCONCLUSIVE),
        (SAME, INCONCLUSIVE, Standing.INCONCLUSIVE),
        (INCONCLUSIVE, INCONCLUSIVE, Standing.INCONCLUSIVE),
    ],
)
def test_two_verdicts_come_to_a_standing(
    store: Engine, one: Decision, other: Decision, comes_to: Standing
) -> None:
    assert standing(store) == Standing.OPEN
    assert says(store, ANN, one) == 1
    assert standing(store) == Standing.HALF
    assert says(store, BEN, other) == 2
    assert standing(store) == comes_to


def test_one_person_cannot_be_both_reviewers(store: Engine) -> None:
    says(store, ANN, SAME)
    with pytest.raises(Settled, match="another reviewer is needed"):
        says(store, ANN, SAME)
    assert standing(store) == Standing.HALF


def test_a_third_verdict_is_refused(store: Engine) -> None:
    says(store, ANN, SAME)
    says(store, BEN, SAME)
    with pytest.raises(Settled, match="Two reviewers have"):
        says(store, CY, DIFFERENT)


def test_a_verdict_can_be_taken_back_until_there_is_a_second(store: Engine) -> None:
    says(store, ANN, SAME)
    assert take_back(store, ANN) == SAME
    assert standing(store) == Standing.OPEN
    says(store, ANN, DIFFERENT)
    says(store, BEN, DIFFERENT)
    with pytest.raises(Settled, match="final"):
        take_back(store, ANN)
    with pytest.raises(Settled, match="final"):
        take_back(store, BEN)


def test_nobody_takes_back_what_somebody_else_said(store: Engine) -> None:
    says(store, ANN, SAME)
    with pytest.raises(Settled, match="no verdict on this candidate"):
        take_back(store, BEN)


def test_whoever_asked_for_the_search_does_not_decide(database: Engine) -> None:
    fill(database, asked_by=ANN.actor)
    assert next_for(database, ANN) == Next(None, 0)
    with pytest.raises(NotAuthorised, match="two other reviewers"):
        says(database, ANN, SAME)
    lenient = replace(RULES, requester_may_review=True)
    assert says(database, ANN, SAME, rules=lenient) == 1


def test_whoever_asked_by_a_program_of_theirs_does_not_decide_either(database: Engine) -> None:
    with writing(database) as session:
        add_account(session, name="ann", roles=[Role.REVIEWER], password_hash="", now=NOW)
        ann = find_account(session, "ann").id
        term = {"expires_at": LATER, "now": NOW}
        made, _ = add_token(session, account="ann", label="", roles=[Role.REVIEWER], **term)
    fill(database, asked_by=f"token:{made.id}")
    for reviewer in (Reviewer(ann), Reviewer(ann, made.id)):
        assert next_for(database, reviewer) == Next(None, 0)
        with pytest.raises(NotAuthorised, match="two other reviewers"):
            says(database, reviewer, SAME)


def test_a_program_and_its_account_are_one_reviewer(store: Engine) -> None:
    says(store, ANN, SAME)
    with pytest.raises(Settled, match="another reviewer is needed"):
        says(store, Reviewer(ANN.account_id, token_id=3), SAME)


def test_a_reviewer_is_shown_neither_distance_nor_rank_nor_verdict(store: Engine) -> None:
    says(store, ANN, SAME)
    shown = {field.name for field in fields(BlindView)}
    assert not shown & {"distance", "threshold", "rank", "verdict", "decision", "place", "seeded"}
    first_of_all = next_for(store, BEN)
    take_back(store, ANN)
    assert next_for(store, BEN) == first_of_all


def test_each_reviewer_has_an_order_that_stays(database: Engine) -> None:
    fill(database, appearances=12)
    orders = [order(database, who) for who in (ANN, BEN)]
    assert orders == [order(database, who) for who in (ANN, BEN)]
    assert sorted(orders[0]) == sorted(orders[1])
    by_rank = sorted(orders[0])
    assert len({tuple(keys) for keys in (*orders, by_rank)}) == 3


def test_what_one_has_decided_on_is_not_shown_again(store: Engine) -> None:
    says(store, ANN, INCONCLUSIVE)
    assert sorted(order(store, ANN)) == KEYS[1:]
    assert sorted(order(store, BEN)) == KEYS
    says(store, BEN, SAME)
    assert sorted(order(store, CY)) == KEYS[1:]


def test_poor_pictures_support_nothing_without_an_override(store: Engine) -> None:
    says(store, ANN, SAME, rules=STRICT)
    says(store, BEN, SAME, rules=STRICT)
    assert standing(store) == Standing.WITHHELD
    with pytest.raises(WrongUsage, match="written reason"):
        overrides(store, SUPERVISOR, "  ", FIRST)
    overrides(store, SUPERVISOR, "The scar is clear.", FIRST)
    assert standing(store) == Standing.SUPPORTED


def test_poor_pictures_can_be_said_to_differ(store: Engine) -> None:
    says(store, ANN, DIFFERENT, rules=STRICT)
    says(store, BEN, DIFFERENT, rules=STRICT)
    assert standing(store) == Standing.NOT_SUPPORTED


def test_a_small_face_is_below_the_floor_however_sharp(store: Engine) -> None:
    shown = next_for(store, ANN).view
    assert shown is not None
    assert not RULES.is_below_floor(shown)
    assert RULES.is_below_floor(replace(shown, seen=replace(shown.seen, box=(0, 0, 30, 200))))
    assert RULES.is_below_floor(replace(shown, seen=replace(shown.seen, quality=0.1)))
    assert RULES.is_below_floor(replace(shown, references=()))


def test_a_verdict_on_what_was_purged_is_refused(store: Engine) -> None:
    with writing(store) as session:
        forget(session, [1])
    with pytest.raises(Purged, match="purged"):
        says(store, ANN, SAME)


def test_every_look_and_every_act_is_in_the_audit_log(store: Engine) -> None:
    shown = next_for(store, ANN).view
    assert shown is not None
    says(store, ANN, SAME, shown.key)
    undo(ANN.asking(store), CASE, shown.key, account_id=ANN.account_id)
    overrides(store, BEN, "The scar is clear.", shown.key)
    with reading(store) as session:
        log = [(one.actor, one.action, one.case_id) for one in entries(session)]
    assert log == [
        ("account:11", "candidate_viewed", 1),
        ("account:11", "verdict_given", 1),
        ("account:11", "verdict_undone", 1),
        ("account:12", "quality_overridden", 1),
    ]


def test_a_verdict_in_another_case_is_refused(store: Engine) -> None:
    with pytest.raises(Purged):
        says(store, ANN, SAME, Key(999, 1))


def test_verdicts_survive_matching_again_unchanged(store: Engine) -> None:
    says(store, ANN, SAME)
    says(store, BEN, SAME)
    with reading(store) as session:
        before = verdicts_of(session, 1)
    match(store)
    with reading(store) as session:
        assert verdicts_of(session, 1) == before
    assert standing(store) == Standing.SUPPORTED


def test_a_verdict_keeps_what_was_seen_when_the_footage_has_gone(store: Engine) -> None:
    says(store, ANN, SAME)
    with writing(store) as session:
        forget(session, [1])
    with reading(store) as session:
        [kept] = verdicts_of(session, 1)[FIRST]
    assert (kept.seen.recording_sha256, kept.seen.best_ms) == ("a" * 64, 500)
    assert (kept.seen.distance, kept.seen.threshold) == (0.1, 0.6)


def test_nothing_is_decided_without_a_case_in_force(store: Engine) -> None:
    expired = LATER + timedelta(days=365)
    with pytest.raises(NotAuthorised, match="expired"):
        next_for(store, ANN, now=expired)
    with pytest.raises(NotAuthorised, match="expired"):
        undo(ANN.asking(store, expired), CASE, FIRST, account_id=ANN.account_id)
