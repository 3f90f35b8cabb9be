"""Telling a command or a web address."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from listeners import command_that, command_that_writes_down, diary_of, web_that_answers

from errors import NotDelivered, WrongUsage
from monitor import deliver as room
from monitor.deliver import check_target, deliver
from worker.ports import free_port

BODY = {"kind": "night_ended", "done": 3}


def test_a_command_gets_the_notice_on_its_input(tmp_path: Path) -> None:
    """Its name is no shell's business."""
    command = command_that_writes_down(tmp_path)
    assert deliver(str(command), BODY) == "the command exited with 0"
    assert diary_of(tmp_path) == [BODY]


def test_a_command_that_does_not_listen_is_no_failure(tmp_path: Path) -> None:
    deliver(str(command_that(tmp_path, "exit 0")), {"long": "x" * 1_000_000})


def test_a_command_that_fails_is_told_by_its_number(tmp_path: Path) -> None:
    with pytest.raises(NotDelivered, match="exited with 7"):
        deliver(str(command_that(tmp_path, "exit 7")), BODY)


def test_a_command_that_does_not_end_is_killed_with_all_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "TIME_LIMIT_SECONDS", 0.5)
    command = command_that(tmp_path, f"sleep 60 & echo $! > '{tmp_path / 'child'}'", "wait")
    with pytest.raises(NotDelivered, match="did not finish within"):
        deliver(str(command), BODY)
    with pytest.raises(ProcessLookupError):
        while True:  # the kernel takes a moment
            os.kill(int((tmp_path / "child").read_text()), 0)


def test_a_web_address_gets_the_notice_as_json() -> None:
    with web_that_answers(204) as web:
        assert deliver(web.url, BODY) == "the web address answered 204"
    assert web.heard == [("application/json", BODY)]


def test_the_body_of_an_answer_is_not_waited_for() -> None:
    with web_that_answers(200, **{"Content-Length": "1000"}) as web:
        assert deliver(web.url, BODY) == "the web address answered 200"


def test_the_address_is_in_no_log() -> None:
    program = (
        "import logging, sys\nfrom monitor.deliver import deliver\n"
        "from worker.logs import log_json_lines\nlog_json_lines(logging.INFO)\n"
        "deliver(sys.argv[1], {})\nlogging.info('delivered')"
    )
    with web_that_answers(204) as web:
        command = [sys.executable, "-c", program, f"{web.url}?secret"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "delivered" in done.stderr
    assert "secret" not in done.stderr


@pytest.mark.parametrize("status", [302, 404, 500])
def test_any_other_answer_is_a_failure_and_no_redirect_is_followed(status: int) -> None:
    with web_that_answers(status) as web:
        with pytest.raises(NotDelivered, match=f"answered {status}") as failure:
            deliver(web.url, BODY)
        assert "secret" not in str(failure.value)
    assert len(web.heard) == 1


def test_an_address_where_nobody_listens_is_a_failure() -> None:
    with pytest.raises(NotDelivered, match=r"could not be reached \(ConnectError\)"):
        deliver(f"http://127.0.0.1:{free_port()}/secret", BODY)


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("mail me", "absolute path"),
        ("bin/notify", "absolute path"),
        ("file:///etc/passwd", "absolute path"),
        ("/nowhere/at/all", "not an executable file"),
        ("/etc", "not an executable file"),
        (__file__, "not an executable file"),
        ("https://", "without a host"),
    ],
)
def test_what_cannot_be_told_is_refused(target: str, why: str) -> None:
    with pytest.raises(WrongUsage, match=why):
        check_target(target)


def test_a_usable_target_is_described_without_its_secrets(tmp_path: Path) -> None:
    address = "https://hooks.example/T0/secret?token=1"
    assert check_target(address) == "a web address at hooks.example"
    command = command_that(tmp_path, "exit 0")
    assert check_target(str(command)) == f"the command {command}"
