"""What may be wrong with the machine or the request: an exit code and one sentence."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import TERMS, Done, Nightreel, Up
from painted import BLUE, GREEN, RED, paint_photo

WEIGHTS = ("facenet512_weights.pth", "face_detection_yunet_2023mar.onnx")


def sentence(done: Done, code: int) -> str:
    """The only line that was said, after the program's name."""
    assert done.code == code, done
    assert done.out == ""
    (line,) = done.said
    assert line.startswith("nightreel: ")
    assert line.endswith(".")
    return line.removeprefix("nightreel: ")


@pytest.mark.parametrize(
    ("setting", "value", "complaint"),
    [
        ("workers", "0", "NIGHTREEL_WORKERS cannot be used: input should be greater"),
        ("interval_ms", "soon", "NIGHTREEL_INTERVAL_MS cannot be used: input should be a valid"),
    ],
)
def test_a_setting_out_of_range_is_named(
    nightreel: Nightreel, setting: str, value: str, complaint: str
) -> None:
    done = nightreel.with_settings(**{setting: value})("status")
    assert sentence(done, 2).startswith(complaint)
    assert not nightreel.home.exists()


def test_an_unknown_engine_is_named(nightreel: Nightreel, clip: Path) -> None:
    done = nightreel.with_settings(engine="magic")("ingest", clip)
    assert "There is no engine 'magic'" in sentence(done, 1)


def test_missing_weights_are_said_before_any_footage_is_added(
    nightreel: Nightreel, clip: Path, red: str
) -> None:
    deepface = nightreel.with_settings(engine="deepface:Facenet512+yunet")
    said = sentence(deepface("process", clip, "--person", red), 1)
    assert said.startswith("Facenet512 needs facenet512_weights.pth in ")
    assert "`nightreel models pull Facenet512`" in said
    assert nightreel("jobs", "list", "--json").document == []


def test_weights_of_the_wrong_size_are_refused(nightreel: Nightreel, clip: Path) -> None:
    folder = nightreel.home / "weights" / ".deepface" / "weights"
    folder.mkdir(parents=True)
    for name in WEIGHTS:
        (folder / name).write_bytes(b"cut off")
    deepface = nightreel.with_settings(engine="deepface:Facenet512+yunet")
    assert "is not the file it should be" in sentence(deepface("ingest", clip), 1)


def of_a_newer_version(file: Path) -> None:
    with sqlite3.connect(file) as database:
        database.execute("create table alembic_version (version_num)")
        database.execute("insert into alembic_version values ('9999')")
    database.close()


def garbage(file: Path) -> None:
    file.write_bytes(b"no database " * 1000)


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (of_a_newer_version, "The database was written by a newer Nightreel"),
        (garbage, "The database file is damaged or not a database"),
    ],
)
def test_a_database_that_is_not_ours_is_left_as_it_was(
    nightreel: Nightreel, clip: Path, make: Callable[[Path], None], complaint: str
) -> None:
    nightreel.home.mkdir()
    file = nightreel.home / "nightreel.db"
    make(file)
    before = file.read_bytes()

    done = nightreel("ingest", clip)

    assert sentence(done, 1).startswith(complaint)
    assert file.read_bytes()[100:] == before[100:]  # SQLite counts its openings in the header


def test_a_lost_master_key_is_named_and_no_other_is_made(
    nightreel: Nightreel, clip: Path, red: str
) -> None:
    name, _, photo = red.partition("=")
    assert nightreel("case", "open", "A-1", *TERMS).code == 0
    assert nightreel("enrol", name, photo, "--case", "A-1").code == 0
    key = nightreel.home / "keys" / "master.key"
    key.unlink()
    for command in (["up"], ["ingest", clip], ["process", clip, "--person", red]):
        assert f"The key file {key} is missing" in sentence(nightreel(*command), 2)
    assert not key.exists()


def test_a_lost_database_is_named_and_no_other_is_made_beside_its_pictures(
    nightreel: Nightreel, red: str
) -> None:
    name, _, photo = red.partition("=")
    assert nightreel("case", "open", "A-1", *TERMS).code == 0
    assert nightreel("enrol", name, photo, "--case", "A-1").code == 0
    file = nightreel.home / "nightreel.db"
    file.unlink()
    assert f"The database {file} is missing" in sentence(nightreel("case", "list"), 1)
    assert not file.exists()


def test_what_a_lost_master_key_sealed_can_be_purged(nightreel: Nightreel, red: str) -> None:
    name, _, photo = red.partition("=")
    assert nightreel("case", "open", "A-1", *TERMS).code == 0
    assert nightreel("enrol", name, photo, "--case", "A-1").code == 0
    (nightreel.home / "keys" / "master.key").unlink()
    assert nightreel("case", "close", "A-1").code == 0
    done = nightreel("purge", "--case", "A-1", "--yes", "--json")
    assert (done.code, done.document[0]["rows"]["reference"]) == (0, 1)


def test_a_home_that_cannot_be_made_is_named(clip: Path) -> None:
    done = Nightreel(Path("/proc/nightreel"))("ingest", clip)
    assert "The home folder /proc/nightreel cannot be created" in sentence(done, 1)


def can_mount() -> bool:
    """Whether this machine lets a test have a small disk of its own."""
    return bool(shutil.which("unshare")) and not subprocess.call(
        ("unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"), stderr=subprocess.DEVNULL
    )


@pytest.mark.skipif(not can_mount(), reason="no small disk can be mounted here")
@pytest.mark.parametrize("when", ["from the beginning", "while it works"])
def test_a_full_disk_is_said(when: str, nightreel: Nightreel, clip: Path, red: str) -> None:
    home = nightreel.home
    home.mkdir()
    fill = f"dd if=/dev/zero of={home}/filler bs=4096 status=none 2>/dev/null"
    wait = f"until [ -s {home}/nightreel.db ]; do sleep 0.05; done"
    filling = fill if when == "from the beginning" else f"({wait}; {fill}) &"
    script = f'mount -t tmpfs -o size=20m,mode=700 tmpfs {home}; {filling}\nexec "$@"'
    small_disk = ("unshare", "-rm", "sh", "-c", script, "sh")

    done = nightreel("process", clip, "--person", red, before=small_disk)

    said = sentence(done, 1)
    assert "full" in said or "No space left on device" in said or "disk I/O error" in said


def test_what_is_no_text_is_refused(nightreel: Nightreel) -> None:
    done = nightreel("case", "open", os.fsdecode(b"caf\xe9"), *TERMS)
    assert "not valid text" in sentence(done, 2)


@pytest.mark.parametrize(
    ("photo", "verdict"),
    [
        ([], "nobody.png: No face was found in it; use a photo that shows one from the front."),
        (
            [RED, BLUE, GREEN, (220, 200, 20), (200, 40, 200)],
            "five.png: It shows 5 faces; crop it to one person.",
        ),
    ],
    ids=["nobody", "five"],
)
def test_a_photo_that_cannot_be_used_says_why(
    up: Up, tmp_path: Path, clip: Path, photo: list[tuple[int, int, int]], verdict: str
) -> None:
    file = paint_photo(tmp_path / ("five.png" if photo else "nobody.png"), *photo)
    done = up.nightreel("process", clip, "--person", f"Red={file}")
    assert sentence(done, 1) == f"No usable photo of Red. {verdict}"


def test_a_bad_photo_beside_a_good_one_does_not_stop_the_job(
    up: Up, tmp_path: Path, clip: Path
) -> None:
    photos = [paint_photo(tmp_path / "nobody.png"), paint_photo(tmp_path / "red.png", RED)]
    done = up.nightreel("process", clip, "--person", f"Red={photos[0]},{photos[1]}", "--json")
    assert done.code == 0
    assert len(done.document["candidates"]) == 1


def test_without_a_case_in_force_nothing_is_done(nightreel: Nightreel, tmp_path: Path) -> None:
    photo = paint_photo(tmp_path / "red.png", RED)
    done = nightreel("enrol", "Red", photo, "--case", "2026-1")
    assert sentence(done, 4) == "No case 2026-1; open it first."


def test_a_request_that_makes_no_sense_is_wrong_usage(nightreel: Nightreel) -> None:
    said = sentence(nightreel("jobs", "show", "77"), 2)
    assert said == "No job 77; see `nightreel jobs list`."


def test_a_broker_that_does_not_answer_loses_nothing(nightreel: Nightreel, clip: Path) -> None:
    elsewhere = nightreel.with_settings(broker_url="redis://127.0.0.1:1/0")

    done = elsewhere("ingest", clip, "--json")

    assert done.code == 0
    assert len(done.document["analyses"]) == 1
    assert len(done.said) == 1
