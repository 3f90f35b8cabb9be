"""`nightreel service`: a unit that systemd takes, for this home folder."""

import getpass
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import Nightreel, ended

from worker.ports import free_port
from worker.services import MARGIN_SECONDS
from worker.stack_info import PROGRAMS

ME = getpass.getuser()
STDERR_IS_JOURNAL = ("sh", "-c", 'JOURNAL_STREAM=$(stat -Lc %d:%i /dev/stderr) exec "$@"', "sh")


def values(unit: str) -> dict[str, str]:
    """What a unit sets; the last of each name."""
    lines = [line for line in unit.splitlines() if "=" in line and not line.startswith("#")]
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def test_it_runs_this_program_on_this_home(nightreel: Nightreel) -> None:
    done = nightreel("service")
    told = values(done.out)
    assert done.code == 0
    assert told["Environment"] == f'"NIGHTREEL_HOME={nightreel.home}"'
    assert told["ExecStart"] == f'"{Path(sys.executable).with_name("nightreel")}" up'
    assert (told["WantedBy"], "User" in told) == ("default.target", False)


def test_it_is_of_the_system_where_a_user_is_named(nightreel: Nightreel) -> None:
    told = values(nightreel("service", "--run-as", ME).out)
    assert (told["User"], told["WantedBy"]) == (ME, "multi-user.target")


def test_systemd_waits_longer_than_a_stop_may_take(nightreel: Nightreel) -> None:
    told = values(nightreel.with_settings(stop_seconds=300)("service").out)
    assert int(told["TimeoutStopSec"]) > 300 + MARGIN_SECONDS * len(PROGRAMS)


def test_it_leaves_what_the_sandbox_needs(nightreel: Nightreel) -> None:
    """Tried with systemd 252: with any of these ffmpeg is shut in less, or the queue is lost."""
    told = values(nightreel("service", "--run-as", ME).out)
    assert not told.keys() & {"RestrictNamespaces", "SystemCallFilter", "PrivateTmp"}


def test_settings_of_the_shell_are_named_as_missing(nightreel: Nightreel) -> None:
    (line,) = nightreel("service").said
    assert "NIGHTREEL_WORKERS" in line
    assert "NIGHTREEL_HOME" not in line


def test_a_user_who_does_not_exist_is_refused(nightreel: Nightreel) -> None:
    done = nightreel("service", "--run-as", "nobody here")
    assert (done.code, done.out) == (2, "")
    assert done.said == [
        "nightreel: There is no user 'nobody here' on this machine; create it first."
    ]


def test_for_another_user_the_home_folder_has_to_be_named(
    nightreel: Nightreel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(nightreel.home))
    bare = {name: text for name, text in os.environ.items() if "NIGHTREEL" not in name}
    done = subprocess.run(
        [Path(sys.executable).with_name("nightreel"), "service", "--run-as", ME],
        env=bare, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert "NIGHTREEL_HOME" in done.stderr


@pytest.mark.parametrize("name", ["home", 'a "b" 100%/$HOME \\ c'])
@pytest.mark.parametrize("options", [(), ("--run-as", ME)])
def test_systemd_takes_it(tmp_path: Path, name: str, options: tuple[str, ...]) -> None:
    analyse = shutil.which("systemd-analyze")
    if analyse is None:
        (pytest.fail if "CI" in os.environ else pytest.skip)("no systemd")
    file = tmp_path / "nightreel.service"
    file.write_text(Nightreel(tmp_path / name)("service", *options).out)
    done = subprocess.run([analyse, "verify", file], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_no_password_gets_into_the_journal(nightreel: Nightreel) -> None:
    ports = {f"{page}_port": free_port() for page in ("flower", "monitor", "web")}
    process = nightreel.with_settings(**ports).start("up", before=STDERR_IS_JOURNAL)
    assert process.stderr
    said = ""
    while "Metrics" not in said:
        line = process.stderr.readline()
        assert line, said
        said += line
    process.terminate()
    assert ended(process).code == 0
    assert "No account: `nightreel account add NAME --role operator` creates the first." in said
    assert nightreel("account", "list", "--json").document == []
