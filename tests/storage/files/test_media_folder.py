"""Pictures on disk: for their owner alone, and no half of one stays."""

import os
import resource
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from errors import StoreUnavailable
from storage.files.media_folder import MediaFolder

JPEG = b"\xff\xd8\xff\xe0 a small picture \xff\xd9"


def test_the_same_picture_is_not_written_again(tmp_path: Path) -> None:
    media = MediaFolder(tmp_path)
    name = media.save(JPEG)
    (file,) = (path for path in tmp_path.rglob("*") if path.is_file())
    before = file.stat()
    assert media.save(JPEG) == name
    assert file.stat().st_ino == before.st_ino
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [file]


def test_what_is_saved_again_counts_as_new(tmp_path: Path) -> None:
    media = MediaFolder(tmp_path)
    file = next(tmp_path.rglob(media.save(JPEG)))
    os.utime(file, (0, 0))
    media.save(JPEG)
    assert file.stat().st_mtime > 0


def test_folders_and_pictures_are_their_owners_alone(tmp_path: Path) -> None:
    previous = os.umask(0)
    try:
        MediaFolder(tmp_path / "media").save(JPEG)
    finally:
        os.umask(previous)
    assert all(
        stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
        for path in tmp_path.rglob("*")
    )


def test_a_folder_that_takes_no_writes_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "media").write_text("a file where the folder should be")
    with pytest.raises(StoreUnavailable, match="cannot be written"):
        MediaFolder(tmp_path / "media").save(JPEG)


def test_a_picture_that_does_not_fit_leaves_no_half_of_it(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8, hard))
    try:
        with pytest.raises(StoreUnavailable, match="File too large"):
            MediaFolder(tmp_path).save(JPEG)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_picture_left_half_written_is_swept(tmp_path: Path) -> None:
    media = MediaFolder(tmp_path)
    draft = next(tmp_path.rglob(media.save(JPEG))).with_name(".draft")
    draft.write_bytes(b"wh")
    os.utime(draft, (0, 0))
    assert media.sweep(lambda: set(), older_than=datetime.fromtimestamp(60, UTC)) == 1
    assert not draft.exists()
