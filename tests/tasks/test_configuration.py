"""What the promises of the ledger rest on, in Celery's own values."""

import inspect

import pytest

from tasks.analyses import match_analysis
from tasks.canary import answer
from tasks.people import match_person
from tasks.segments import analyse_segment
from tasks.upkeep import tend_ledger
from worker.app import app

TASKS = (analyse_segment, match_analysis, match_person, tend_ledger)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("accept_content", ["json"]),
        ("task_serializer", "json"),
        ("task_ignore_result", True),
        ("task_acks_late", True),
        ("task_reject_on_worker_lost", True),
        ("worker_prefetch_multiplier", 1),
        ("worker_pool_start_method", "spawn"),
        ("worker_cancel_long_running_tasks_on_connection_loss", True),
    ],
)
def test_no_message_is_lost_and_none_carries_code(name: str, value: object) -> None:
    assert app.conf[name] == value


def test_upkeep_comes_round_four_times_a_lease_and_never_piles_up() -> None:
    entry = app.conf.beat_schedule["tend-ledger"]
    assert entry["task"] == tend_ledger.name
    assert entry["schedule"] == entry["options"]["expires"] == 60 / 4


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_a_task_takes_ids_and_is_not_retried_by_celery(task: object) -> None:
    parameters = inspect.signature(task.run).parameters.values()
    assert all(one.annotation is int and one.name.endswith("_id") for one in parameters)
    assert not getattr(task, "autoretry_for", ())


def test_every_task_is_loaded_by_a_worker() -> None:
    assert {task.name.rpartition(".")[0] for task in (*TASKS, answer)} <= set(app.conf.imports)


def test_a_canary_comes_to_every_queue_and_never_piles_up() -> None:
    entries = [one for one in app.conf.beat_schedule.values() if one["task"] == answer.name]
    assert {one["options"]["queue"] for one in entries} == set(app.conf.task_queues)
    assert all(one["schedule"] == one["options"]["expires"] == 60 for one in entries)


def test_upkeep_goes_before_segments() -> None:
    """By turns, as is kombu's default, a queue of segments keeps the reaper from its work."""
    assert app.conf.broker_transport_options["queue_order_strategy"] == "priority"
    assert next(iter(app.amqp.queues)) == "upkeep"
