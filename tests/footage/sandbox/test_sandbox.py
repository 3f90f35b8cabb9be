"""Behind the sandbox: what a child that was taken over by a hostile file can still do.

A shell stands in for it, started as ffmpeg is.
"""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from waiting import wait_until

from errors import StackTrouble
from footage.executables import choose
from footage.guards import Decoder
from footage.sandbox.sandbox import NO_WALLS, Sandbox, choose_walls, own_status, standing, start

OWN = Sandbox(namespaces=True, landlock=True, no_sockets=True)
BUBBLEWRAP = Sandbox(bubblewrap=True)
SHELL = "/bin/bash"

pytestmark = pytest.mark.skipif(not Path(SHELL).exists(), reason="no bash to stand in for ffmpeg")


@pytest.fixture(params=[OWN, BUBBLEWRAP], ids=["own", "bubblewrap"])
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    """Each way to be shut in wholly, where this machine allows it."""
    if request.param == BUBBLEWRAP and not shutil.which("bwrap"):
        pytest.skip("bubblewrap is not installed")
    if run("true", request.param) != "":
        pytest.skip("this machine allows no namespaces or has no Landlock")
    return request.param


@pytest.fixture
def footage(tmp_path: Path) -> Path:
    path = tmp_path / "footage"
    path.write_text("a recording\n")
    return path


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text("the marker\n")
    return path


def run(
    script: str,
    sandbox: Sandbox,
    footage: Path = Path(os.devnull),
    limits: Mapping[str, int] | None = None,
) -> str:
    """What the script prints behind these sandbox."""
    with (
        footage.open() as file,
        start([SHELL, "-c", script], sandbox, limits or {}, stdin=file.fileno()) as child,
    ):
        try:
            said, complaints = child.communicate(timeout=10)
        finally:
            child.kill()
    return (said + complaints).decode()


def test_the_footage_can_be_read(sandbox: Sandbox, footage: Path) -> None:
    assert run("read line; echo $line", sandbox, footage) == "a recording\n"


def test_no_other_file_can_be_read(sandbox: Sandbox, footage: Path, secret: Path) -> None:
    script = f"cat {secret} {secret.parent}/* /etc/passwd /etc/hostname /proc/1/environ"

    said = run(script, sandbox, footage)

    assert "marker" not in said and "recording" not in said and "root:" not in said
    assert said.count("cat: ") == 5


def test_no_folder_of_the_users_can_be_listed(sandbox: Sandbox, secret: Path) -> None:
    assert secret.name not in run(f"cd {secret.parent} && ls; ls {secret.parent}", sandbox)


def test_no_file_can_be_written(sandbox: Sandbox, footage: Path, tmp_path: Path) -> None:
    targets = (footage, tmp_path / "new", Path("/tmp/nightreel-test-new"), "/proc/self/fd/0")

    run("; ".join(f"echo spoiled >> {target}" for target in targets), sandbox, footage)
    run(f"rm {footage}; ln -s {footage} {tmp_path}/link; mkdir {tmp_path}/folder", sandbox, footage)

    assert [path.name for path in tmp_path.iterdir()] == ["footage"]
    assert footage.read_text() == "a recording\n"
    assert not Path("/tmp/nightreel-test-new").exists()


def test_no_network_can_be_reached(sandbox: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        said = run(f"echo hello > /dev/tcp/127.0.0.1/{port} && echo reached", sandbox)
        assert "reached" not in said

        server.settimeout(0.01)
        with pytest.raises(TimeoutError):
            server.accept()


def test_no_other_process_can_be_signalled(sandbox: Sandbox) -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        run(f"kill -9 {other.pid}", sandbox)
        assert other.poll() is None
        other.kill()


def test_it_cannot_start_processes_without_end(sandbox: Sandbox) -> None:
    hundred = " | ".join(["sleep 60"] * 100)
    unprivileged = replace(sandbox, unprivileged=os.geteuid() == 0)  # root's are never counted

    assert "fork" in run(f"exec sh -c '{hundred}'", unprivileged).lower()


def test_every_limit_stands_without_any_wall() -> None:
    said = run("ulimit -v -f -n -t", NO_WALLS, limits={"as": 1 << 30, "cpu": 7})

    numbers = [line.split()[-1] for line in said.splitlines()]
    assert numbers == [str(1 << 20), "0", "64", "7"]


def test_without_walls_the_same_would_be_read(secret: Path) -> None:
    assert run(f"cat {secret}", NO_WALLS) == "the marker\n"


@pytest.mark.parametrize("walls_alone", [Sandbox(landlock=True), Sandbox(no_sockets=True)])
def test_landlock_and_the_ban_on_sockets_stand_alone(walls_alone: Sandbox, secret: Path) -> None:
    """As in a container that allows no namespaces."""
    try:
        said = run(f"cat {secret}; echo > /dev/udp/127.0.0.1/9", walls_alone)
    except OSError as error:
        pytest.skip(f"this kernel cannot: {error.strerror}")

    if walls_alone.landlock:
        assert "marker" not in said
    else:
        assert "/dev/udp/127.0.0.1/9: Permission denied" in said


def test_the_worker_itself_is_not_shut_in(sandbox: Sandbox, secret: Path) -> None:
    run("true", sandbox)

    assert secret.read_text() == "the marker\n"
    socket.socket().close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_root_sends_nobody(secret: Path) -> None:
    secret.chmod(0o600)
    sandbox = Sandbox(unprivileged=True)

    assert run("id -u; cat", sandbox, secret) == "65534\nthe marker\n"


def test_a_child_dies_with_the_process_that_started_it(sandbox: Sandbox) -> None:
    sleep = ["sleep", f"{86_400 + os.getpid()}"]
    code = (
        "import signal; from footage.sandbox.sandbox import Sandbox, start\n"
        f"start(['{SHELL}', '-c', '{' '.join(sleep)} | cat'], {sandbox!r}, {{}}, stdin=0)\n"
        "signal.pause()"
    )
    with subprocess.Popen([sys.executable, "-c", code]) as worker:
        wait_until(lambda: running(sleep))
        worker.kill()
    wait_until(lambda: not running(sleep))


def test_walls_that_are_required_and_not_to_be_had_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("setpriv", "prlimit"):
        (tmp_path / name).symlink_to(shutil.which(name) or "")
    (tmp_path / "ffmpeg").symlink_to(choose())
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(StackTrouble, match="install bubblewrap"):
        choose_walls("require", str(tmp_path / "ffmpeg"))
    assert not standing(str(tmp_path / "ffmpeg")).enclosed


def test_walls_that_are_off_are_not_tried() -> None:
    assert choose_walls("off", "/nowhere/ffmpeg") == NO_WALLS


def test_the_decoder_of_this_machine_is_shut_in(decoder: Decoder) -> None:
    assert choose_walls("auto", decoder.executable) == standing(decoder.executable)


@pytest.mark.parametrize(
    ("status", "sandbox", "own"),
    [(137, BUBBLEWRAP, -9), (183, BUBBLEWRAP, 183), (137, OWN, 137), (1, OWN, 1), (-11, OWN, -11)],
)
def test_the_childs_own_end_is_told_through_its_walls(
    status: int, sandbox: Sandbox, own: int
) -> None:
    assert own_status(status, sandbox, "ffmpeg's last words\n") == own


def running(command: list[str]) -> bool:
    return any(process.info["cmdline"] == command for process in psutil.process_iter(["cmdline"]))
