"""How Celery over Redis loses, repeats or holds up work, and the setting against each: what happens
with it, and what happens without. docs/celery.md is the table."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from lab import Lab, closing
from rows import NOW, PLAN, found, segments
from snapshots import snapshot
from waiting import wait_until

from storage.database.database import connect, upgrade, writing
from storage.jobs.recordings import add

VICTIM = """
import os, signal, sys
from kombu import Connection, Queue
url, prefix = sys.argv[1:]
connection = Connection(url, transport_options={"global_keyprefix": prefix})
queue = Queue("elsewhere")(connection.default_channel)
queue.declare()
connection.Producer().publish("work", routing_key="elsewhere")
assert queue.get()
os.kill(os.getpid(), signal.SIGKILL)
"""
"""Takes a message and dies."""


@pytest.fixture(scope="module")
def labs(broker_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """`ours` has every setting, `bare` lacks those that a test without them needs, `hasty` has
    limits that are soon reached."""
    folder = tmp_path_factory.mktemp("labs")
    ours = Lab("ours", broker_url, folder)
    bare = Lab(
        "bare",
        broker_url,
        folder,
        without=[
            "worker_prefetch_multiplier",
            "worker_pool_start_method",
            "worker_cancel_long_running_tasks_on_connection_loss",
            "worker_max_memory_per_child",
            "unacked_restore_interval",
            "unacked_restore_throttle",
        ],
    )
    hasty = Lab(
        "hasty",
        broker_url,
        folder,
        processes=2,
        visibility_timeout=1,
        unacked_restore_interval=1,
        worker_max_memory_per_child=200_000,
    )
    with closing(ours, bare, hasty):
        yield SimpleNamespace(ours=ours, bare=bare, hasty=hasty)


def test_what_a_killed_worker_held_is_found_again_soon(
    labs: SimpleNamespace, broker_url: str
) -> None:
    for lab in (labs.ours, labs.bare):
        lab.nap("before", 0)  # it has looked once, when it began
        victim = [sys.executable, "-c", VICTIM, broker_url, f"{lab.name}:"]
        assert subprocess.run(victim, check=False).returncode == -signal.SIGKILL
        (tag,) = lab.broker.zrange(f"{lab.name}:unacked_index", 0, -1)
        lab.broker.zadd(
            f"{lab.name}:unacked_index", {tag: NOW.timestamp()}
        )  # and that was long ago

    wait_until(lambda: labs.ours.waiting("elsewhere"))

    assert labs.bare.waiting("elsewhere") == 0
    labs.bare.broker.delete("bare:unacked", "bare:unacked_index")


def test_a_task_that_outlasts_the_visibility_timeout_is_run_again_and_changes_nothing(
    labs: SimpleNamespace, tmp_path: Path
) -> None:
    database_url = f"sqlite:///{tmp_path / 'ledger.db'}"
    database = connect(database_url)
    upgrade(database)
    with writing(database) as session:
        add(session, found(), segments=segments(2), now=NOW, **PLAN)

    for segment_id, lab in enumerate((labs.ours, labs.hasty), start=1):
        lab.send("watch", database_url, segment_id, 2, lab.diary("watch"))
    wait_until(lambda: "refused" in labs.hasty.words("watch"))
    wait_until(lambda: "finished" in labs.hasty.words("watch"))
    finished = snapshot(database)["segment"][1]
    wait_until(lambda: labs.hasty.is_idle() and labs.ours.is_idle())

    assert labs.ours.words("watch") == ["claimed", "finished"]
    assert labs.hasty.words("watch").count("claimed") == 1
    assert snapshot(database)["segment"][1] == finished
    assert (finished["state"], finished["attempts"]) == ("done", 1)
    database.dispose()


def test_a_task_whose_process_died_is_run_again(labs: SimpleNamespace) -> None:
    labs.ours.send("die_once", labs.ours.diary("death"))
    wait_until(lambda: labs.ours.words("death") == ["began", "began", "ended"])


@pytest.mark.parametrize("task", ["die_once_acked_early", "die_once_not_rejected"])
def test_without_late_acknowledgement_or_rejection_it_is_lost(
    labs: SimpleNamespace, task: str
) -> None:
    labs.ours.send(task, labs.ours.diary(task))
    wait_until(lambda: labs.ours.words(task))

    wait_until(labs.ours.is_idle)
    labs.ours.nap("after death", 0)

    assert labs.ours.words(task) == ["began"]


def test_a_worker_takes_no_more_than_it_works_on(labs: SimpleNamespace) -> None:
    for lab in (labs.ours, labs.bare):
        wait_until(lab.is_idle)
        lab.nap("prefetch", 1)
        for _ in range(3):
            lab.send("nap", 0, lab.diary("prefetch"))

    wait_until(lambda: labs.bare.taken() == 4)
    assert labs.ours.taken() == 1
    wait_until(lambda: labs.ours.is_idle() and labs.bare.is_idle())


def test_a_process_does_not_inherit_the_locks_of_threads(labs: SimpleNamespace) -> None:
    for lab in (labs.ours, labs.bare):
        lab.send("take_lock", lab.diary("lock"))
        wait_until(lambda lab=lab: lab.words("lock"))

    assert labs.ours.words("lock") == ["works"]
    assert labs.bare.words("lock") == ["hangs"]


def test_a_process_that_has_grown_too_large_is_replaced(labs: SimpleNamespace) -> None:
    for lab in (labs.hasty, labs.bare):
        lab.send("grow", 300, lab.diary("size"))
        wait_until(lambda lab=lab: lab.words("size"))

    wait_until(lambda: not psutil.pid_exists(int(labs.hasty.words("size")[0])))

    assert psutil.pid_exists(int(labs.bare.words("size")[0]))


def test_no_result_is_kept(labs: SimpleNamespace) -> None:
    ignored, kept = labs.ours.send("answer"), labs.ours.send("kept_answer")

    wait_until(lambda: labs.ours.broker.exists(f"celery-task-meta-{kept}"))

    assert not labs.ours.broker.exists(f"celery-task-meta-{ignored}")


def test_after_a_lost_connection_no_task_runs_beside_its_second_delivery(
    labs: SimpleNamespace,
) -> None:
    for lab in (labs.ours, labs.bare):
        lab.nap("connection", 2)
        lab.cut_off()

    wait_until(lambda: labs.ours.words("connection") == ["began", "began", "ended"])
    wait_until(lambda: labs.bare.words("connection") == ["began", "ended"] * 2)
    wait_until(lambda: labs.ours.is_idle() and labs.bare.is_idle())


def test_a_worker_says_which_limits_it_keeps(labs: SimpleNamespace) -> None:
    labs.hasty.nap("limits", 0)
    (said,) = [line for line in labs.hasty.lines() if line["event"] == "limits"]
    assert said["visibility_timeout_seconds"] == 1
    assert said["time_limit_seconds"] == 1200


def test_a_task_that_takes_too_long_is_ended(broker_url: str, tmp_path: Path) -> None:
    limits = ["task_soft_time_limit", "task_time_limit"]
    limited = Lab("limited", broker_url, tmp_path, without=limits, task_time_limit=1)
    endless = Lab("endless", broker_url, tmp_path, without=limits)
    with closing(limited, endless):
        for lab in (limited, endless):
            lab.nap("limit", 600)

        wait_until(limited.is_idle)

        assert limited.words("limit") == ["began"]
        assert endless.taken() == 1


def test_a_stopping_worker_does_not_wait_for_ever(broker_url: str, tmp_path: Path) -> None:
    ours = Lab("stopped", broker_url, tmp_path, stop_seconds=1)
    patient = Lab("patient", broker_url, tmp_path, stop_seconds=600)
    with closing(ours, patient):
        for lab in (ours, patient):
            lab.nap("stop", 600)
            lab.stop()

        ours.process.wait(timeout=60)

        assert (ours.waiting(), ours.taken()) == (1, 0)
        assert patient.process.poll() is None
        assert (patient.waiting(), patient.taken()) == (0, 1)


def test_a_process_has_time_to_start(broker_url: str, tmp_path: Path) -> None:
    hurried = Lab("hurried", broker_url, tmp_path, worker_proc_alive_timeout=0.1)
    with closing(hurried):
        hurried.send("die_once", hurried.diary("start"))
        wait_until(lambda: "Timed out waiting for UP message" in hurried.log.read_text())
