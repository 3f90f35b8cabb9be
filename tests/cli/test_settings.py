"""`nightreel settings`: what is in force, and where it comes from."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from command_line import Nightreel, Up
from test_commands import DATABASES, ENGINES, QUEUES, SERVERS, imported_after, typed


@pytest.fixture
def home(nightreel: Nightreel) -> Path:
    nightreel.home.mkdir(mode=0o700)
    return nightreel.home


def write(home: Path, text: str) -> Path:
    file = home / "nightreel.toml"
    file.write_text(text)
    file.chmod(0o600)
    return file


def told(nightreel: Nightreel, *options: str) -> dict[str, Any]:
    """What is said of each setting, by name."""
    listed = nightreel("settings", "--json", *options).document["settings"]
    return {one["name"]: one for one in listed}


def test_each_setting_has_its_value_and_where_it_is_from(nightreel: Nightreel, home: Path) -> None:
    write(home, 'window = "20:00-06:30"\nengine = "dlib"')
    found = told(nightreel)
    assert {name: (one["value"], one["origin"]) for name, one in found.items()}.items() >= {
        "window": ("20:00-06:30", "file"),
        "workers": (1, "environment"),
        "mode": ("interval", "default"),
        "database_url": (f"sqlite:///{home}/nightreel.db", "computed"),
        "footage_by_range": (True, "default"),
    }.items()


def test_where_both_give_a_value_it_says_which_wins(nightreel: Nightreel, home: Path) -> None:
    write(home, "workers = 7")
    workers = told(nightreel)["workers"]
    assert (workers["value"], workers["origin"], workers["in_file"]) == (1, "environment", 7)
    (line,) = [line for line in nightreel("settings").out.splitlines() if line[:8] == "workers "]
    assert line.split() == ["workers", "1", "environment;", "nightreel.toml", "has", "7"]


def test_only_what_is_given_can_be_asked_for(nightreel: Nightreel, home: Path) -> None:
    write(home, "min_face_px = 40")
    given = {"home", "engine", "workers", "stop_seconds", "lease_seconds", "min_face_px"}
    assert set(told(nightreel, "--given")) == given


def test_the_file_is_named_whether_it_is_there_or_not(nightreel: Nightreel, home: Path) -> None:
    before = nightreel("settings").out.splitlines()[0]
    file = write(home, "")
    after = nightreel("settings").out.splitlines()[0]
    assert before == f"Settings file: {file} (not found)"
    assert after == f"Settings file: {file}"


SECRETS = """
flower_password = "sesame-1"
s3_access_key = "sesame-2"
s3_secret_key = "sesame-3"
oidc_client_secret = "sesame-4"
broker_url = "redis://:sesame-5@queue.example:6379/0"
database_url = "postgresql://us@db.example/nightreel?password=sesame-6"
notify = "https://chat.example/hook/sesame-7"
media_url = "s3://sesame-8/?@bucket/x"
"""


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_no_secret_is_shown(nightreel: Nightreel, home: Path, options: tuple[str, ...]) -> None:
    write(home, SECRETS)
    done = nightreel("settings", *options)
    assert done.code == 0
    assert "sesame" not in done.out + done.err


def test_no_secret_of_the_environment_or_below_it_is_shown(
    nightreel: Nightreel, home: Path
) -> None:
    write(home, SECRETS)
    above = nightreel.with_settings(
        flower_password="sesame-9", broker_url="amqp://us:sesa/me-10@queue.example//"
    )
    assert "sesa" not in above("settings", "--json").out


def test_of_an_address_the_rest_is_shown(nightreel: Nightreel, home: Path) -> None:
    write(home, SECRETS)
    found = {name: one["value"] for name, one in told(nightreel).items()}
    assert found["broker_url"] == "redis://***@queue.example:6379/0"
    assert found["notify"] == "https://chat.example/***"
    assert (found["database_url"], found["flower_password"]) == ("set", "set")


def test_a_secret_that_others_can_read_is_remarked(nightreel: Nightreel, home: Path) -> None:
    file = write(home, 'flower_password = "sesame"\nworkers = 2')
    file.chmod(0o644)
    closed = nightreel("settings")
    home.chmod(0o755)
    opened = nightreel("settings")
    remark = f"{file} is readable by other users and holds flower_password; run chmod 600 on it."
    assert (closed.code, closed.said, opened.code, opened.said) == (0, [], 0, [remark])


def test_doctor_says_so_too(nightreel: Nightreel, home: Path) -> None:
    write(home, 'flower_password = "sesame"').chmod(0o644)
    home.chmod(0o755)
    findings = [one for one in nightreel("doctor", "--json").document if "settings" in one["what"]]
    assert [one["well"] for one in findings] == [True, False]


def test_a_variable_that_is_no_setting_is_remarked(nightreel: Nightreel) -> None:
    done = nightreel.with_settings(windwo="20:00-06:30")("settings")
    assert done.said == ["NIGHTREEL_WINDWO is not a setting; did you mean NIGHTREEL_WINDOW?"]


@pytest.mark.parametrize("command", ["settings", "status", "doctor", "up"])
def test_a_file_that_cannot_be_used_is_one_sentence(
    nightreel: Nightreel, home: Path, command: str
) -> None:
    file = write(home, "workers =")
    done = nightreel(command)
    assert (done.code, done.out) == (2, "")
    assert done.said == [
        f"nightreel: {file} is not TOML: invalid value (at end of document); fix it there."
    ]


def test_a_running_stack_has_the_values_that_this_shell_has(up: Up) -> None:
    assert not any(one["changed"] for one in told(up.nightreel).values())
    assert up.nightreel("status", "--json").document["changed_settings"] == []


def test_what_was_changed_since_the_stack_began_is_said(up: Up) -> None:
    file = write(up.nightreel.home, 'window = "20:00-06:30"\nflower_password = "sesame"')
    try:
        found, said = told(up.nightreel), up.nightreel("settings").said
        status = up.nightreel("status").out
    finally:
        file.unlink()
    assert {name for name, one in found.items() if one["changed"]} == {"window", "flower_password"}
    assert said == [
        "The services were started with other values of window, flower_password; restart `up`."
    ]
    assert (
        "Running with earlier values of: window, flower_password (`nightreel settings`)" in status
    )


def test_the_running_stack_writes_no_setting_down_that_is_a_secret(up: Up) -> None:
    stack = json.loads((up.nightreel.home / "run" / "stack.json").read_text())
    assert all(len(digest) == 64 for digest in stack["settings"].values())


def test_it_imports_nothing_heavy(home: Path) -> None:
    heavy = ENGINES | SERVERS | QUEUES | DATABASES
    code = f"import os; os.environ['NIGHTREEL_HOME'] = {os.fspath(home)!r}\n{typed('settings')}"
    assert not imported_after(code, heavy)
