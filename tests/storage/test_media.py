"""Pictures by content: kept once, whole or not at all, for their owner alone."""

import os
import resource
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from errors import StoreUnavailable, WrongUsage
from storage.media import Media, number_of

JPEG = b"\xff\xd8\xff\xe0 a small picture \xff\xd9"


def test_a_picture_comes_back_as_it_was(tmp_path: Path) -> None:
    media = Media(tmp_path / "media")
    assert media.read(media.save(JPEG)) == JPEG


def test_the_same_picture_is_kept_once_and_not_written_again(tmp_path: Path) -> None:
    media = Media(tmp_path)
    name = media.save(JPEG)
    (file,) = (path for path in tmp_path.rglob("*") if path.is_file())
    before = file.stat()
    assert media.save(JPEG) == name
    assert file.stat().st_ino == before.st_ino
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [file]


def test_folders_and_pictures_are_their_owners_alone(tmp_path: Path) -> None:
    previous = os.umask(0)
    try:
        Media(tmp_path / "media").save(JPEG)
    finally:
        os.umask(previous)
    assert all(
        stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
        for path in tmp_path.rglob("*")
    )


def test_a_folder_that_takes_no_writes_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "media").write_text("a file where the folder should be")
    with pytest.raises(StoreUnavailable, match="does not take writes"):
        Media(tmp_path / "media").save(JPEG)


def test_a_picture_that_does_not_fit_leaves_no_half_of_it(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8, hard))
    try:
        with pytest.raises(StoreUnavailable, match="File too large"):
            Media(tmp_path).save(JPEG)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("name", ["../../etc/passwd", "a.jpg", "", "A" * 64 + ".jpg"])
def test_only_names_of_pictures_are_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(WrongUsage):
        Media(tmp_path).read(name)


def test_a_picture_that_is_gone_is_explained(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="cannot be read"):
        Media(tmp_path).read("a" * 64 + ".jpg")


class TestSweeping:
    """Pictures that are an hour old."""

    HOUR = timedelta(hours=1)

    def saved(self, media: Media, jpeg: bytes) -> str:
        name = media.save(jpeg)
        for file in media.folder.rglob(name):
            os.utime(file, (0, 0))
        return name

    def names(self, media: Media) -> set[str]:
        return {file.name for file in media.folder.rglob("*.*")}

    def sweep(self, media: Media, *wanted: str) -> int:
        numbers = {number_of(name) for name in wanted}
        return media.sweep(lambda: numbers, older_than=datetime.now(UTC) - self.HOUR)

    def test_what_nobody_refers_to_is_removed(self, tmp_path: Path) -> None:
        media = Media(tmp_path)
        kept, _ = self.saved(media, b"kept"), self.saved(media, b"not kept")
        assert self.sweep(media, kept) == 1
        assert self.names(media) == {kept}

    def test_what_was_just_saved_may_yet_be_committed(self, tmp_path: Path) -> None:
        media = Media(tmp_path)
        name = media.save(b"new")
        assert self.sweep(media) == 0
        assert self.names(media) == {name}

    def test_what_was_saved_again_counts_as_new(self, tmp_path: Path) -> None:
        media = Media(tmp_path)
        self.saved(media, b"twice")
        media.save(b"twice")
        assert self.sweep(media) == 0

    def test_a_picture_left_half_written_is_removed(self, tmp_path: Path) -> None:
        media = Media(tmp_path)
        draft = next(tmp_path.rglob(media.save(b"whole"))).with_name(".draft")
        draft.write_bytes(b"wh")
        os.utime(draft, (0, 0))
        assert self.sweep(media) == 1
        assert not draft.exists()

    def test_an_empty_folder_is_swept_without_asking_anybody(self, tmp_path: Path) -> None:
        def nobody() -> set[int]:
            raise AssertionError

        assert Media(tmp_path / "none").sweep(nobody, older_than=datetime.now(UTC)) == 0
