"""Pictures by content: kept once, whole or not at all, in a folder and in an object store."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from object_store import ObjectServer, Spoiler, hanging, hanging_up_half_way, saying
from waiting import wait_until

from errors import PictureLost, StoreUnavailable, WrongUsage
from storage.files.media import Media, number_of
from storage.files.media_bucket import MediaBucket
from storage.files.media_folder import MediaFolder

JPEG = b"\xff\xd8\xff\xe0 a small picture \xff\xd9"
HOUR = timedelta(hours=1)


@pytest.fixture(params=["folder", "bucket"])
def media(request: pytest.FixtureRequest, tmp_path: Path) -> Media:
    """Each of the two."""
    if request.param == "folder":
        return MediaFolder(tmp_path / "media")
    return MediaBucket(request.getfixturevalue("object_server").bucket(), "crops/")


def sweep(media: Media, *wanted: str, older_than: datetime | None = None) -> int:
    """As if everything had been saved long ago, unless told otherwise."""
    numbers = {number_of(name) for name in wanted}
    return media.sweep(lambda: numbers, older_than=older_than or datetime.now(UTC) + HOUR)


def test_a_picture_comes_back_as_it_was(media: Media) -> None:
    assert media.read(media.save(JPEG)) == JPEG


def test_the_same_picture_has_the_same_name(media: Media) -> None:
    assert media.save(JPEG) == media.save(JPEG)
    assert sweep(media) == 1


@pytest.mark.parametrize("name", ["../../etc/passwd", "a.jpg", "", "A" * 64 + ".jpg"])
def test_only_names_of_pictures_are_read(media: Media, name: str) -> None:
    with pytest.raises(WrongUsage):
        media.read(name)


def test_a_picture_that_is_gone_is_explained(media: Media) -> None:
    media.save(JPEG)
    with pytest.raises(PictureLost, match="cannot be read"):
        media.read("a" * 64 + ".jpg")


def test_what_nobody_refers_to_is_swept(media: Media) -> None:
    kept, lost = media.save(b"kept"), media.save(b"not kept")
    assert sweep(media, kept) == 1
    assert media.read(kept) == b"kept"
    with pytest.raises(PictureLost):
        media.read(lost)


def test_what_was_just_saved_may_yet_be_committed(media: Media) -> None:
    name = media.save(b"new")
    assert sweep(media, older_than=datetime.now(UTC) - HOUR) == 0
    assert media.read(name) == b"new"


def test_what_is_saved_again_while_it_is_swept_stays(media: Media) -> None:
    name, moment = media.save(b"twice"), datetime.now(UTC) + timedelta(milliseconds=1)

    def meanwhile() -> set[int]:  # a store counts whole seconds
        wait_until(lambda: int(datetime.now(UTC).timestamp()) > moment.timestamp())
        media.save(b"twice")
        return set()

    media.sweep(meanwhile, older_than=moment)

    assert media.read(name) == b"twice"


def test_an_empty_place_is_swept_without_asking_anybody(media: Media) -> None:
    def nobody() -> set[int]:
        raise AssertionError

    assert media.sweep(nobody, older_than=datetime.now(UTC)) == 0


class TestTroubleWithTheStore:
    """Said in one sentence; what may pass is tried again for a while."""

    @pytest.fixture
    def spoiler(self, object_server: ObjectServer) -> Spoiler:
        return Spoiler(object_server)

    @pytest.fixture
    def media(self, spoiler: Spoiler) -> Iterator[MediaBucket]:
        with spoiler.running() as server:
            yield MediaBucket(server.bucket(timeout_seconds=1), "crops/")

    def test_a_moment_of_errors_is_not_noticed(self, media: Media, spoiler: Spoiler) -> None:
        spoiler.turns = [saying(503), saying(500)]
        assert media.read(media.save(JPEG)) == JPEG
        assert [method for method, _ in spoiler.requests][1:] == ["PUT"] * 3 + ["GET"]

    def test_errors_that_stay_are_told_after_a_few_tries(
        self, media: Media, spoiler: Spoiler
    ) -> None:
        spoiler.turns = [saying(503)] * 99
        with pytest.raises(StoreUnavailable, match=r"failed the request.*it says 503"):
            media.save(JPEG)
        assert 1 < len(spoiler.requests) < 9

    def test_an_answer_broken_off_is_not_taken_for_a_picture(
        self, media: Media, spoiler: Spoiler
    ) -> None:
        name = media.save(JPEG)
        spoiler.turns = [hanging_up_half_way] * 99
        with pytest.raises(StoreUnavailable, match="no complete answer"):
            media.read(name)

    def test_one_that_does_not_answer_is_not_waited_for(
        self, media: Media, spoiler: Spoiler
    ) -> None:
        spoiler.turns = [hanging] * 99
        with pytest.raises(StoreUnavailable, match="no complete answer in time"):
            media.save(JPEG)

    def test_one_that_is_not_there_is_named(self, object_server: ObjectServer) -> None:
        bucket = object_server.bucket("away", endpoint="http://127.0.0.1:1", timeout_seconds=0.2)
        with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1:1 failed the request"):
            MediaBucket(bucket, "").save(JPEG)

    def test_a_bucket_that_was_never_made_is_named(self, object_server: ObjectServer) -> None:
        media = MediaBucket(object_server.bucket("never-made"), "")
        with pytest.raises(StoreUnavailable, match="Bucket never-made does not exist at"):
            media.save(JPEG)
        with pytest.raises(StoreUnavailable, match="Bucket never-made does not exist at"):
            sweep(media)

    @pytest.mark.parametrize("key", [{"secret_key": "mistyped"}, {"access_key": "mistyped"}])
    def test_a_key_that_is_refused_is_said_without_it(
        self, object_server: ObjectServer, key: dict[str, str]
    ) -> None:
        media = MediaBucket(object_server.bucket(**key), "")
        for ask in (
            lambda: media.save(JPEG),
            lambda: media.read("a" * 64 + ".jpg"),
            lambda: sweep(media),
        ):
            with pytest.raises(StoreUnavailable, match="refuses our key") as caught:
                ask()
            assert "mistyped" not in str(caught.value)
