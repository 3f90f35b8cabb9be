"""Pictures cannot be read without the key of what they belong to, and not once it is gone."""

import stat
from pathlib import Path
from threading import Barrier, Thread

import pytest
from rows import NOW, PLAN, TERMS, found, segments
from sealing import sealed
from sqlalchemy import Engine, delete, event

from errors import KeyMissing, PictureLost, Purged, StoreUnavailable, WrongUsage
from storage import tables
from storage.cases.case_terms import open_case
from storage.database.database import connect, writing
from storage.files.keys import anything_sealed, master_key
from storage.files.sealed import SealedMedia
from storage.jobs.control import forget
from storage.jobs.recordings import add
from storage.tables import Recording

JPEG = b"\xff\xd8\xff\xe0 a small picture of a face \xff\xd9"


def add_recording(database: Engine, sha256: str = "a" * 64) -> int:
    with writing(database) as session:
        added = add(session, found(sha256), segments=segments(1), now=NOW, **PLAN)
        return added.recording_id


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.fixture
def media(tmp_path: Path, database: Engine) -> SealedMedia:
    return sealed(tmp_path / "media", database)


def test_a_picture_comes_back_as_it_was_and_is_not_on_the_disk(
    media: SealedMedia, database: Engine, tmp_path: Path
) -> None:
    name = media.of_recording(add_recording(database)).save(JPEG)
    assert media.read(name) == JPEG
    assert all(b"picture" not in file.read_bytes() for file in files(tmp_path / "media"))


def test_the_same_picture_of_the_same_recording_is_kept_once(
    media: SealedMedia, database: Engine, tmp_path: Path
) -> None:
    recording = add_recording(database)
    assert media.of_recording(recording).save(JPEG) == media.of_recording(recording).save(JPEG)
    assert len(files(tmp_path / "media")) == 1


def test_two_recordings_seal_alike_pictures_apart(media: SealedMedia, database: Engine) -> None:
    names = {media.of_recording(add_recording(database, letter * 64)).save(JPEG) for letter in "ab"}
    assert len(names) == 2
    assert all(media.read(name) == JPEG for name in names)


def test_a_picture_goes_with_its_recording_wherever_a_copy_lies(
    media: SealedMedia, database: Engine
) -> None:
    gone, kept = add_recording(database, "a" * 64), add_recording(database, "b" * 64)
    of_gone, of_kept = (media.of_recording(one).save(JPEG) for one in (gone, kept))
    with writing(database) as session:
        forget(session, [gone])
    with pytest.raises(PictureLost, match="purged with what it belonged to"):
        media.read(of_gone)
    assert media.read(of_kept) == JPEG


def test_pictures_that_are_read_together_take_one_look_for_their_key(
    media: SealedMedia, database: Engine
) -> None:
    album = media.of_recording(add_recording(database))
    names = [album.save(JPEG + bytes([number])) for number in range(3)]
    looks = []
    event.listen(database, "before_cursor_execute", lambda *seen: looks.append(seen[2]))
    read = list(map(media.reader(), names))
    assert [one[-1] for one in read] == [0, 1, 2]
    assert sum("data_key" in look for look in looks) == 1


def test_whoever_begins_to_read_once_a_key_is_gone_reads_nothing(
    media: SealedMedia, database: Engine
) -> None:
    recording = add_recording(database)
    name = media.of_recording(recording).save(JPEG)
    assert media.reader()(name) == JPEG
    with writing(database) as session:
        forget(session, [recording])
    with pytest.raises(PictureLost, match="purged"):
        media.reader()(name)


def test_a_case_has_a_key_of_its_own(media: SealedMedia, database: Engine) -> None:
    with writing(database) as session:
        case = open_case(session, reference="1", now=NOW, **TERMS)
    name = media.of_case(case.id).save(JPEG)
    with writing(database) as session:
        session.delete(session.get_one(tables.Case, case.id))
    with pytest.raises(PictureLost, match="purged"):
        media.read(name)


def test_nothing_is_sealed_for_what_is_gone(media: SealedMedia) -> None:
    with pytest.raises(Purged, match="purged"):
        media.of_recording(77)


def test_an_altered_picture_is_noticed(
    media: SealedMedia, database: Engine, tmp_path: Path
) -> None:
    name = media.of_recording(add_recording(database)).save(JPEG)
    (file,) = files(tmp_path / "media")
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(PictureLost, match="altered"):
        media.read(name)


def test_a_picture_from_before_there_were_keys_is_read_as_it_is(media: SealedMedia) -> None:
    assert media.read(media.store.save(JPEG)) == JPEG


def test_a_file_that_is_neither_is_called_damaged(media: SealedMedia) -> None:
    with pytest.raises(PictureLost, match="damaged"):
        media.read(media.store.save(b"noise"))


def test_another_master_key_reads_nothing_and_seals_nothing(
    media: SealedMedia, database: Engine, tmp_path: Path
) -> None:
    recording = add_recording(database)
    name = media.of_recording(recording).save(JPEG)
    other = sealed(tmp_path / "media", database, bytes(32))
    for attempt in (
        lambda: other.read(name),
        lambda: other.of_recording(recording),
        lambda: other.of_recording(add_recording(database, "b" * 64)),
    ):
        with pytest.raises(WrongUsage, match="not the one that this archive was sealed with"):
            attempt()


def test_a_master_key_is_made_once_for_its_owner_alone(database: Engine, tmp_path: Path) -> None:
    file = tmp_path / "keys" / "master.key"
    assert master_key(database, file) == master_key(database, file)
    assert len(master_key(database, file)) == 32
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_no_master_key_is_made_beside_what_another_sealed(
    media: SealedMedia, database: Engine, tmp_path: Path
) -> None:
    recording, file = add_recording(database), tmp_path / "keys" / "master.key"
    media.of_recording(recording).save(JPEG)
    with pytest.raises(KeyMissing, match=r"master\.key is missing.*NIGHTREEL_KEY_FILE"):
        master_key(database, file)
    assert not file.exists()


def test_a_master_key_is_made_again_once_all_that_the_lost_one_sealed_is_gone(
    media: SealedMedia, database: Engine, tmp_path: Path
) -> None:
    media.of_recording(add_recording(database)).save(JPEG)
    with writing(database) as session:
        session.exec(delete(Recording))
    assert len(master_key(database, tmp_path / "master.key")) == 32


def test_a_database_from_before_there_were_keys_has_nothing_sealed(empty_url: str) -> None:
    database = connect(empty_url)
    assert not anything_sealed(database)
    database.dispose()


def test_processes_that_start_together_agree_on_the_master_key(
    database: Engine, tmp_path: Path
) -> None:
    together, seen = Barrier(8), set()

    def ask() -> None:
        together.wait()
        seen.add(master_key(database, tmp_path / "keys" / "master.key"))

    threads = [Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 1
    assert [file.name for file in files(tmp_path / "keys")] == ["master.key"]


def test_a_file_that_is_no_key_is_refused(database: Engine, tmp_path: Path) -> None:
    (tmp_path / "master.key").write_bytes(b"short")
    with pytest.raises(WrongUsage, match="holds no key of 32 bytes"):
        master_key(database, tmp_path / "master.key")


def test_a_key_that_cannot_be_made_says_where(database: Engine, tmp_path: Path) -> None:
    (tmp_path / "keys").touch()
    with pytest.raises(StoreUnavailable, match=r"keys/master\.key cannot be read or made"):
        master_key(database, tmp_path / "keys" / "master.key")
