"""A recording as a local file: the original, or a copy fetched from the object store."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from errors import FootageChanged, FootageVanished, RefusedFootage
from footage.recording import Recording
from storage.files.footage_store import FootageStore
from storage.files.objects import SCHEME, Address, Entry

CHANGED = "The footage has changed since it was added; add the file again."
FETCH_SECONDS = 240
"""A task that takes too long is killed, and that counts as an attempt. So a fetch that takes
longer than this is released first; it continues when the file is requested again."""
NOWHERE = "Footage is read from no object store here; set NIGHTREEL_FOOTAGE_BUCKETS."


@dataclass(frozen=True, slots=True)
class Known:
    """A recording as it was when it was added."""

    recording: Recording
    sha256: str
    modified_ns: int
    object_tag: str | None = None
    """The object's tag (ETag) in the object store; None for a file."""


@contextmanager
def local_copy(
    known: Known, store: FootageStore | None, *, timeout_seconds: float = FETCH_SECONDS
) -> Iterator[Recording]:
    """The recording with a local path, which is valid until the block ends.

    If the local file is incomplete, its `supply` fetches the parts that are read, and raises the
    same errors. If the object's tag has changed since it was added, the whole object is fetched,
    because only its sha256 shows whether it is the same.

    Raises FootageVanished or FootageChanged when it is not the recording that was added,
    RefusedFootage when footage is not read from its bucket, and StoreUnavailable.
    """
    address = address_of(known.recording.path)
    if address is None:
        _refuse_another(known, *_on_disk(known.recording.path))
        yield known.recording
        return
    store = configured(store)
    entry = store.look(address)
    _refuse_another(known, entry.size_bytes, modified_ns(entry))
    if store.by_range and entry.tag and entry.tag == known.object_tag:
        held = store.in_parts(address, entry, sha256=known.sha256, timeout_seconds=timeout_seconds)
        with held as (file, supply):
            yield replace(known.recording, path=str(file), supply=supply)
    else:
        with store.local_copy(
            address, entry, sha256=known.sha256, timeout_seconds=timeout_seconds
        ) as file:
            yield replace(known.recording, path=str(file))


@contextmanager
def fetched(
    address: Address, store: FootageStore | None, progress: Callable[[int], None]
) -> Iterator[tuple[Path, Entry]]:
    """A new object as a local file, and its entry in the store. Raises as `local_copy`."""
    store = configured(store)
    entry = store.look(address)
    with store.local_copy(address, entry, progress=progress) as file:
        yield file, entry


def address_of(path: str) -> Address | None:
    """The address of a recording in the object store; None if `path` is a file."""
    return Address.parse(path) if path.startswith(f"{SCHEME}://") else None


def configured(store: FootageStore | None) -> FootageStore:
    """The store. Raises RefusedFootage when none is configured."""
    if store is None:
        raise RefusedFootage(NOWHERE)
    return store


def modified_ns(entry: Entry) -> int:
    """When an object was last modified, in whole seconds, as nanoseconds since the epoch."""
    return int(datetime.timestamp(entry.modified_at)) * 1_000_000_000


def _on_disk(path: str) -> tuple[int, int]:
    try:
        now = Path(path).stat()
    except OSError as error:
        raise FootageVanished(
            "The footage is no longer where it was added from; put it back, then retry."
        ) from error
    return now.st_size, now.st_mtime_ns


def _refuse_another(known: Known, size_bytes: int, modified_ns: int) -> None:
    if (size_bytes, modified_ns) != (known.recording.size_bytes, known.modified_ns):
        raise FootageChanged(CHANGED)
