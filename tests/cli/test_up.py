"""`nightreel up`: what was asked for before, stops, kills, and who else wants the home."""

import signal
import socket
from pathlib import Path

import psutil
import pytest
from command_line import Nightreel, Up, bring_up, ended, unseen_copy, workers_running
from jobs_in import being_watched, jobs_in, state_of
from painted import BLUE, RED, Stay, paint
from waiting import wait_until

from storage.tables import State
from worker.bound import holder
from worker.folders import Folders
from worker.ports import free_port
from worker.stack_info import claimed, running


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eighty seconds, eight segments; red is there throughout, blue is not."""
    stays = [Stay(RED, 0, 80), Stay(BLUE, 20, 30, x=200)]
    return paint(tmp_path_factory.mktemp("long") / "long.mp4", 80, *stays)


def service(name: str, home: Path) -> psutil.Process:
    """The process of one service."""
    found = holder(Folders.of(home).lock(name))
    assert found is not None
    return psutil.Process(found)


def test_it_goes_on_where_it_stopped(
    nightreel: Nightreel, tmp_path: Path, drawn_clip: Path
) -> None:
    clips = [unseen_copy(drawn_clip, tmp_path / f"{number}.mp4") for number in range(3)]
    added = nightreel("ingest", clips[0], clips[1], "--json")
    assert (added.code, added.document["refused"]) == (0, [])
    assert added.said == [
        "No workers are running; the footage is queued until `nightreel up` runs."
    ]
    clips[1].unlink()

    first = bring_up(nightreel)
    wait_until(lambda: state_of("0.mp4", nightreel.home) is State.DONE)
    wait_until(lambda: jobs_in(nightreel.home)[1].reasons)
    stopped = first.stop()
    assert (stopped.code, stopped.out) == (0, "")
    assert "no longer where it was added" in jobs_in(nightreel.home)[1].reasons[0]

    assert nightreel("ingest", clips[2]).code == 0
    second = bring_up(nightreel)
    wait_until(lambda: state_of("2.mp4", nightreel.home) is State.DONE)
    assert second.stop().code == 0


def test_workers_are_counted_while_they_run_and_not_afterwards(nightreel: Nightreel) -> None:
    def counted() -> object:
        return nightreel("status", "--json").document["workers"]

    with workers_running(nightreel.with_settings(workers=2)):
        wait_until(lambda: counted() == {"processes": 2, "machines": 1}, pause_seconds=1)
    assert counted() == {"processes": 0, "machines": 0}


def test_without_services_of_its_own_it_does_not_say_that_they_stopped(
    nightreel: Nightreel,
) -> None:
    said = nightreel.with_settings(broker_url="redis://127.0.0.1:1/0")("status").out
    assert "none on this machine" in said
    assert "not running" not in said
    assert "Workers: none has reported within the last minute" in said


def test_it_says_where_flower_is_and_how_to_stop(up: Up) -> None:
    info = running(up.nightreel.home)
    assert info is not None
    status = up.nightreel("status", "--json").document
    assert (status["running"], status["flower"]) == (True, info.flower_url)
    assert set(status["services"].values()) == {True}


def test_a_second_one_in_the_same_home_is_refused(up: Up) -> None:
    before = running(up.nightreel.home)

    done = up.nightreel.with_settings(flower_port=free_port())("up")

    assert done.code == 1
    assert done.said == [
        f"nightreel: Nightreel is already running in {up.nightreel.home}; "
        "stop it there, or set NIGHTREEL_HOME to another folder."
    ]
    assert running(up.nightreel.home) == before


def test_a_taken_port_is_named(nightreel: Nightreel) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = nightreel.with_settings(flower_port=port)("up")

    assert done.code == 1
    assert done.said == [
        f"nightreel: Port {port} is taken, so Flower cannot use it; "
        "set NIGHTREEL_FLOWER_PORT to a free one."
    ]
    assert not claimed(nightreel.home)


@pytest.mark.parametrize("killed", ["a worker's process", "redis"])
def test_what_is_killed_at_work_loses_nothing(
    killed: str, up: Up, tmp_path: Path, long_clip: Path, red: str
) -> None:
    home = up.nightreel.home
    clip = unseen_copy(long_clip, tmp_path / f"{killed}.mp4")
    process = up.nightreel.start("process", clip, "--person", red, "--json")
    wait_until(lambda: being_watched(clip.name, home))
    if killed == "redis":
        service("redis", home).kill()
    else:
        for child in service("worker", home).children():
            child.kill()

    done = ended(process)

    assert (done.code, done.said) == (0, [])
    (recording,) = done.document["recordings"]
    assert (recording["state"], recording["coverage"]["appearances"]) == ("done", 2)
    (candidate,) = done.document["candidates"]
    assert (candidate["start_ms"], candidate["end_ms"]) == (0, 79_500)


def test_who_used_a_stack_that_is_stopped_goes_on_with_one_of_its_own(
    nightreel: Nightreel, tmp_path: Path, long_clip: Path, red: str
) -> None:
    clip = unseen_copy(long_clip, tmp_path / "long.mp4")
    with workers_running(nightreel):
        process = nightreel.start("process", clip, "--person", red, "--json")
        wait_until(lambda: state_of(clip.name, nightreel.home))

    done = ended(process)

    assert (done.code, done.said) == (0, [])
    assert done.document["recordings"][0]["state"] == "done"
    assert not claimed(nightreel.home)


def test_ctrl_c_keeps_what_was_done_and_gives_the_rest_back(
    nightreel: Nightreel, tmp_path: Path, long_clip: Path, red: str
) -> None:
    clip = unseen_copy(long_clip, tmp_path / "long.mp4")
    process = nightreel.start("process", clip, "--person", red)
    wait_until(lambda: being_watched(clip.name, nightreel.home))

    process.send_signal(signal.SIGINT)
    stopped = ended(process)

    assert (stopped.code, stopped.out) == (130, "")
    assert "Traceback" not in stopped.err
    assert "finished work is kept" in stopped.err
    assert not claimed(nightreel.home)
    assert not being_watched(clip.name, nightreel.home)
    assert state_of(clip.name, nightreel.home) is not State.FAILED
