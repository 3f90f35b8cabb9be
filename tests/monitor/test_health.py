"""The verdict on the work: what is a trouble, what is none, and in which words."""

from datetime import timedelta

import pytest
from made_snapshots import ALWAYS, AT_NIGHT, MINUTE, NOON, NOW, SECOND, health_of, vitals_with

from monitor.health import Health, spoken
from storage.tables import Priority, State


def sentences(health: Health) -> list[str]:
    """What is wrong."""
    return [trouble.sentence for trouble in health.troubles]


def test_queues_that_are_served_are_well() -> None:
    health = health_of(vitals_with())
    assert health.well
    assert health.silence_seconds == {"upkeep": 10.0, "nightreel": 10.0}


def test_a_queue_without_a_canary_for_too_long_is_named_with_its_age() -> None:
    canaries = {"upkeep": NOW - 7 * MINUTE, "nightreel": NOW}
    assert sentences(health_of(vitals_with(canaries=canaries))) == [
        "Queue upkeep has not been served for 7 min; check workers, beat and the broker."
    ]


def test_a_queue_that_was_never_served_is_named() -> None:
    health = health_of(vitals_with(canaries={"upkeep": NOW}))
    assert sentences(health) == ["Queue nightreel has never been served; check workers and beat."]
    assert health.silence_seconds == {"upkeep": 0.0}


def test_workers_that_are_all_at_a_segment_serve_no_canary_and_are_well() -> None:
    canaries = {"upkeep": NOW, "nightreel": NOW - 20 * MINUTE}
    beating = vitals_with(canaries=canaries, lease_until={"default": NOW + 55 * SECOND})
    assert health_of(beating).well
    assert health_of(beating).silence_seconds["nightreel"] == 5.0


def test_a_lease_that_nobody_moves_on_is_no_sign_of_life() -> None:
    canaries = {"upkeep": NOW, "nightreel": NOW - 20 * MINUTE}
    silent = vitals_with(canaries=canaries, lease_until={"default": NOW - 5 * MINUTE})
    assert sentences(health_of(silent)) == [
        "Queue nightreel has not been served for 6 min; check workers, beat and the broker."
    ]


def test_the_same_silence_is_the_same_trouble_and_the_next_is_another() -> None:
    begun = NOW - 10 * MINUTE
    keys = [
        health_of(vitals_with(canaries={"upkeep": sign, "nightreel": later}), now=later)
        .troubles[0]
        .key
        for sign, later in [(begun, NOW), (begun, NOW + MINUTE), (NOW, NOW + 10 * MINUTE)]
    ]
    assert keys[0] == keys[1] != keys[2]


WAITING = {
    "segments": {State.WAITING: 3},
    "waiting_since": {Priority.OVERNIGHT: NOW - 12 * MINUTE},
}


def test_work_that_waits_while_nobody_works_is_a_trouble() -> None:
    assert sentences(health_of(vitals_with(**WAITING))) == [
        "No worker activity for 12 min, though segments are queued: 3; see the workers' log."
    ]


@pytest.mark.parametrize(
    "sign",
    [
        {"finished_at": NOW - MINUTE},
        {"lease_until": {"default": NOW + 30 * SECOND}},
        {"waiting_since": {Priority.OVERNIGHT: NOW - MINUTE}},
    ],
    ids=["a segment was just done", "one is at work", "it was asked for just now"],
)
def test_work_that_somebody_gets_to_is_none(sign: dict[str, object]) -> None:
    assert health_of(vitals_with(**WAITING | sign)).well


def test_work_that_waits_for_its_window_is_none() -> None:
    waiting = vitals_with(NOON, **WAITING | {"waiting_since": {Priority.OVERNIGHT: NOON - MINUTE}})
    health = health_of(waiting, AT_NIGHT, NOON)
    assert (health.well, health.window_open) == (True, False)


def test_a_window_that_opened_just_now_has_not_been_missed() -> None:
    opening = NOW.replace(hour=20)
    since = {Priority.OVERNIGHT: opening - timedelta(hours=5)}
    for minutes, well in [(1, True), (6, False)]:
        now = opening + minutes * MINUTE
        waiting = vitals_with(now, **WAITING | {"waiting_since": since})
        assert health_of(waiting, AT_NIGHT, now).well is well


def test_work_at_any_time_is_missed_outside_the_window_too() -> None:
    since = NOON - 12 * MINUTE
    urgent = {"waiting_since": {Priority.URGENT: since}, "any_time_since": since}
    assert not health_of(vitals_with(NOON, **WAITING | urgent), AT_NIGHT, NOON).well


def test_queues_are_to_be_served_outside_the_window_too() -> None:
    silent = vitals_with(NOON, canaries={"upkeep": NOON, "nightreel": NOON - 6 * MINUTE})
    assert not health_of(silent, AT_NIGHT, NOON).well
    assert not health_of(silent, ALWAYS, NOON).well


@pytest.mark.parametrize(
    ("seconds", "words"), [(40, "40 s"), (60, "1 min"), (3599, "59 min"), (7500, "2 h 5 min")]
)
def test_lengths_are_told_as_people_do(seconds: int, words: str) -> None:
    assert spoken(seconds) == words
