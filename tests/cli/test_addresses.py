"""`s3://` on the command line: your own buckets, and no other address."""

from pathlib import Path

import pytest
from command_line import Nightreel
from object_store import ObjectServer

from cli.footage import place_of
from errors import WrongUsage
from storage.files.objects import Address


def test_a_folder_of_the_store_is_added_by_its_videos_and_their_names(
    nightreel: Nightreel, object_server: ObjectServer, drawn_clip: Path
) -> None:
    bucket = object_server.bucket()
    for name in ("street/notes.txt", "street/a/gate 1.mp4"):
        bucket.put(name, drawn_clip.read_bytes())
    told = nightreel.with_settings(footage_buckets=bucket.name, **object_server.settings)

    done = told("ingest", f"s3://{bucket.name}/street/", "s3://theirs/a.mp4")

    assert (done.code, done.said[:1]) == (
        3,
        [
            "a.mp4: Footage is not read from this bucket; NIGHTREEL_FOOTAGE_BUCKETS must name it.",
        ],
    )
    assert [job["name"] for job in told("jobs", "list", "--json").document] == ["gate 1.mp4"]


def test_a_folder_of_the_store_is_added_in_the_order_of_its_names(
    nightreel: Nightreel, object_server: ObjectServer, drawn_clip: Path
) -> None:
    bucket = object_server.bucket()
    for name in ("street/a/second.mp4", "street/a b/first.mp4"):
        bucket.put(name, drawn_clip.read_bytes())
    told = nightreel.with_settings(footage_buckets=bucket.name, **object_server.settings)

    assert told("ingest", f"s3://{bucket.name}/street/").code == 0

    assert [job["name"] for job in told("jobs", "list", "--json").document] == ["first.mp4"]


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:9/gate.mp4", "https://x/y.mp4", "rtsp://camera/live", "file:///etc/passwd"],
)
def test_nothing_is_fetched_by_its_address(address: str) -> None:
    with pytest.raises(WrongUsage, match="not by"):
        place_of(address)


@pytest.mark.parametrize("word", ["gate.mp4", "/footage/a:b//c.mp4", "C:/gate.mp4", "s3:/x/y"])
def test_a_path_is_a_path(word: str) -> None:
    assert place_of(word) == Path(word)


def test_an_object_has_a_bucket_and_a_key() -> None:
    assert place_of("s3://ours/a b//ü.mp4") == Address("ours", "a b//ü.mp4")
    with pytest.raises(WrongUsage, match="must read s3://bucket/key"):
        place_of("s3://Not_A_Bucket/x")
