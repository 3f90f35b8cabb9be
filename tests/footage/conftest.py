import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from footage.ffmpeg import Decoder, choose


@pytest.fixture(scope="session")
def decoder() -> Decoder:
    return Decoder(choose(), memory_mb=2048, timeout_seconds=60, max_pixels=40_000_000)


@pytest.fixture(autouse=True)
def no_child_is_left() -> Iterator[None]:
    """Every test ends with the children it began with."""
    before = _children()
    yield
    assert _children() == before


def _children() -> str:
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text()
