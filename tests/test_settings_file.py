"""`nightreel.toml`: what it gives, what it may not give, and what is said of one that is wrong."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from errors import WrongUsage
from settings import Settings, load_settings
from worker.services import environment

NOBODY = 65534


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder that the environment names, and no setting beside it."""
    for name in os.environ:
        if name.startswith("NIGHTREEL_"):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("NIGHTREEL_HOME", str(home))
    return home


def write(home: Path, text: str | bytes) -> Path:
    """The settings file of a home."""
    file = home / "nightreel.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def refusal() -> str:
    """The sentence that ends the reading."""
    with pytest.raises(WrongUsage) as caught:
        load_settings()
    return str(caught.value)


def test_the_file_gives_settings_by_name(home: Path) -> None:
    write(home, 'workers = 3\nwindow = "20:00-06:30"\nfootage_by_range = false\n')
    found = load_settings()
    assert (found.workers, found.window, found.footage_by_range) == (3, "20:00-06:30", False)


def test_the_environment_stands_above_the_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(home, "workers = 3\nmin_face_px = 40")
    monkeypatch.setenv("NIGHTREEL_WORKERS", "5")
    assert (load_settings().workers, load_settings().min_face_px) == (5, 40)


def test_an_empty_variable_is_a_value(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(home, 'window = "20:00-06:30"')
    monkeypatch.setenv("NIGHTREEL_WINDOW", "")
    assert load_settings().window == ""


@pytest.mark.parametrize(
    "text", ["", "# nothing is set\n", "\ufeffworkers = 3\n", "workers = 3\r\n"]
)
def test_an_empty_file_and_one_of_another_system_are_read(home: Path, text: str) -> None:
    write(home, text)
    assert load_settings().workers == (3 if "workers" in text else Settings(home=home).workers)


def test_a_home_without_a_file_has_the_defaults(home: Path) -> None:
    assert not (home / "nightreel.toml").exists()
    assert load_settings().window == ""


def test_a_link_to_a_file_is_followed(home: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.toml"
    elsewhere.write_text("workers = 3")
    (home / "nightreel.toml").symlink_to(elsewhere)
    assert load_settings().workers == 3


def test_the_home_of_a_user_is_resolved_in_paths(home: Path) -> None:
    write(home, 'key_file = "~/keys/master.key"')
    assert load_settings().key_file == str(Path.home() / "keys" / "master.key")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("wokers = 3", "'wokers' in FILE is not a setting; did you mean workers?"),
        ("Workers = 3", "'Workers' in FILE is not a setting; did you mean workers?"),
        ("NIGHTREEL_MODE = ''", "'NIGHTREEL_MODE' in FILE is not a setting; did you mean mode?"),
        ("x = 3", "'x' in FILE is not a setting; `nightreel settings` lists those there are."),
        ("[web]\nport = 1", "'web' in FILE is not a setting; did you mean"),
        ('"\\u001b[31m" = 1', "'\\x1b[31m' in FILE is not a setting;"),
        ('home = "/srv"', "home cannot be set in FILE, which lies in that folder; set NIGHTREEL_"),
    ],
)
def test_a_name_that_is_not_a_setting_is_refused(home: Path, text: str, sentence: str) -> None:
    file = write(home, text)
    assert refusal().startswith(sentence.replace("FILE", str(file)))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("workers = 0", "input should be greater than or equal to 1."),
        ("workers = 'all'", "input should be a valid integer"),
        ("workers = true", "it cannot be true or false."),
        ("[workers]\nx = 1", "input should be a valid integer"),
        ("sites = ['a']", "input should be a valid string."),
        ("broker_url = 'http://x'", "must begin with one of redis://"),
        ("key_file = 'a.key'", "it must be a whole path, beginning with / or ~."),
        ("key_file = '~nobody-here/a'", "begins with the home of a user who does not exist."),
        ("database_url = 'sqlite:///a.db'", "must have an absolute path"),
        ('window = "a\\u0000b"', "it contains a NUL character."),
    ],
)
def test_a_wrong_value_is_named_with_its_file(home: Path, text: str, reason: str) -> None:
    file = write(home, text)
    name = text.strip("[").split("]")[0].split()[0]
    assert refusal().startswith(f"{name} in {file} cannot be used: {reason}")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"x = 3\nx = 4\ny = 1", "is not TOML: cannot overwrite a value (at line 2, column 6);"),
        (b"window = 20:00-06:30", "is not TOML: expected newline or end of document after a s"),
        (b"x = " + b"[" * 5000, "contains nested lists; write `name = value` lines."),
        (b"window = '\xff'", "is not UTF-8; save it in that encoding."),
    ],
)
def test_what_is_no_toml_is_refused_with_the_place(home: Path, text: bytes, reason: str) -> None:
    file = write(home, text)
    assert refusal().startswith(f"{file} {reason}")


def test_a_default_that_a_value_of_the_file_makes_wrong_is_named(home: Path) -> None:
    write(home, "time_limit_seconds = 2000")
    default = "The default of NIGHTREEL_VISIBILITY_TIMEOUT_SECONDS"
    assert refusal() == f"{default} cannot be used: must be longer than the time limit."


def test_a_value_that_the_environment_gives_is_named_by_its_variable(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(home, "workers = 3")
    monkeypatch.setenv("NIGHTREEL_WORKERS", "0")
    assert refusal().startswith("NIGHTREEL_WORKERS cannot be used: ")


def test_a_secret_that_cannot_be_used_is_not_repeated(home: Path) -> None:
    write(home, "flower_password = 314159")
    assert "314159" not in refusal()


def test_a_link_to_nothing_is_refused(home: Path) -> None:
    (home / "nightreel.toml").symlink_to(home / "gone.toml")
    assert refusal() == f"{home}/nightreel.toml is a broken link; fix it or remove it."


def test_a_folder_and_a_pipe_in_its_place_are_refused(home: Path) -> None:
    file = home / "nightreel.toml"
    file.mkdir()
    folder = refusal()
    file.rmdir()
    os.mkfifo(file)
    said = f"{file} is not a file; remove it, or put the settings file there."
    assert (folder, refusal()) == (said, said)


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_file_that_others_can_write_is_refused(home: Path, mode: int) -> None:
    home.chmod(0o711)
    file = write(home, "workers = 3")
    file.chmod(mode)
    assert refusal() == f"{file} can be written by other users; chmod 600 it."


def test_in_a_folder_that_nobody_else_can_enter_nobody_else_can_write(home: Path) -> None:
    write(home, "workers = 3").chmod(0o664)
    assert load_settings().workers == 3


@pytest.mark.skipif(os.geteuid() != 0, reason="gives files to another user")
def test_a_file_that_belongs_to_somebody_else_is_refused(home: Path) -> None:
    file = write(home, "workers = 3")
    os.chown(file, NOBODY, NOBODY)
    assert refusal() == f"{file} belongs to another user; chown it to the owner of its folder."


@pytest.mark.skipif(os.geteuid() != 0, reason="gives files to another user")
def test_the_owner_of_the_home_folder_may_own_it(home: Path) -> None:
    file = write(home, "workers = 3")
    os.chown(file, NOBODY, NOBODY)
    os.chown(home, NOBODY, NOBODY)
    assert load_settings().workers == 3


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_a_file_that_may_not_be_read_is_refused() -> None:
    with tempfile.TemporaryDirectory() as home:  # pytest's own folders are closed to others
        Path(home).chmod(0o755)
        file = write(Path(home), "workers = 3")
        file.chmod(0o600)
        code = f"import os, settings; os.setuid({NOBODY}); settings.load_settings()"
        told = os.environ | {"NIGHTREEL_HOME": home}
        done = subprocess.run(
            [sys.executable, "-c", code], env=told, capture_output=True, text=True, check=False
        )
    assert f"{file} cannot be read (Permission denied); fix its permissions." in done.stderr


def test_services_go_on_with_what_they_were_started_with(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(home, "workers = 3")
    for name, value in environment(load_settings()).items():
        monkeypatch.setenv(name, value)
    write(home, "workers = nonsense")
    assert load_settings().workers == 3


def test_paths_are_absolute_for_services_that_run_in_another_folder(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    monkeypatch.setenv("NIGHTREEL_KEY_FILE", "a.key")
    assert environment(load_settings())["NIGHTREEL_KEY_FILE"] == f"{home}/a.key"


def test_an_ffmpeg_is_found_on_the_path_by_its_name(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "ffmpeg"
    program.touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("NIGHTREEL_FFMPEG", "ffmpeg")
    assert home.exists()
    assert load_settings().ffmpeg == str(program)
