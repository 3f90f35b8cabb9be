"""What we rely on in an object store, asked of a real one."""

import os

import pytest
from object_store import ObjectServer

from storage.files.objects import Bucket


@pytest.fixture(scope="module")
def bucket(object_server: ObjectServer) -> Bucket:
    return object_server.bucket()


@pytest.mark.parametrize("key", ["a b/größe 100%20+.mp4", "q?r#s&t=u", "gate", "gate/under"])
def test_an_object_of_any_name_comes_back(bucket: Bucket, key: str) -> None:
    bucket.put(key, key.encode())
    assert bucket.get(key) == key.encode()
    assert bucket.head(key) in list(bucket.list(""))


def test_every_object_is_listed_once_however_many_pages_there_are(bucket: Bucket) -> None:
    keys = {f"pages/{folder}/{n:04}" for folder in ("a", "a b", "a.b") for n in range(350)}
    for key in keys:
        bucket.put(key, b"x")
    listed = [entry.key for entry in bucket.list("pages/")]
    assert (len(listed), set(listed)) == (len(keys), keys)
    bucket.delete(sorted(keys))
    assert list(bucket.list("pages/")) == []


def test_a_large_object_is_read_by_range_while_its_tag_holds(bucket: Bucket) -> None:
    content = os.urandom(17 << 20)  # put in several parts
    bucket.put("large", content)
    entry = bucket.head("large")
    assert entry.size_bytes == len(content)
    border = 8 << 20
    assert bucket.get_range(entry, border - 10, border + 10) == content[border - 10 : border + 10]
    assert bucket.get_range(entry, len(content) - 5, len(content) + 5) == content[-5:]

    bucket.put("large", content[:-1] + bytes([content[-1] ^ 1]))

    assert bucket.head("large").tag != entry.tag
    with pytest.raises(FileNotFoundError):
        bucket.get_range(entry, 0, 10)


def test_what_is_not_there_is_told_from_what_is(bucket: Bucket) -> None:
    bucket.put("folder/file", b"x")
    for lost in ("folder", "folder/fil", "nowhere"):
        for ask in (bucket.get, bucket.head):
            with pytest.raises(FileNotFoundError):
                ask(lost)
    bucket.delete(["nowhere", "folder/file", "folder/file"])
    assert [entry.key for entry in bucket.list("folder/")] == []
