"""A database that hangs holds nobody up."""

import threading

import pytest

from errors import StoreUnavailable
from monitor.snapshots import SnapshotReader


def test_who_asks_again_at_once_gets_what_was_read() -> None:
    readings = iter(range(9))
    snapshots = SnapshotReader(lambda: next(readings))
    assert [snapshots.look(), snapshots.look()] == [0, 0]


def test_a_reading_that_hangs_is_given_up_and_no_second_one_is_begun() -> None:
    answered = threading.Event()
    begun = []

    def read() -> str:
        begun.append(1)
        answered.wait()
        return "well"

    snapshots = SnapshotReader(read, timeout_seconds=0.01)
    for _ in range(3):
        with pytest.raises(StoreUnavailable, match="has not answered"):
            snapshots.look()
    answered.set()
    assert SnapshotReader(lambda: snapshots.look()).look() == "well"
    assert len(begun) == 1


def test_what_went_wrong_with_a_reading_is_told_to_who_asked() -> None:
    def read() -> None:
        raise StoreUnavailable("The disk is full.")

    with pytest.raises(StoreUnavailable, match="The disk is full"):
        SnapshotReader(read).look()
