import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from footage.ffmpeg import Decoder, choose

sys.path.insert(0, str(Path(__file__).parents[1]))  # for footage_factory


@pytest.fixture(scope="session")
def decoder() -> Decoder:
    return Decoder(choose(), memory_mb=2048, timeout_seconds=60, max_pixels=40_000_000)


@pytest.fixture(autouse=True)
def no_child_is_left() -> Iterator[None]:
    """Every test ends with as many children as it began with."""
    before = _children()
    yield
    assert _children() == before


def _children() -> set[str]:
    return set(Path(f"/proc/self/task/{_thread()}/children").read_text().split())


def _thread() -> int:
    import threading

    return threading.get_native_id()
