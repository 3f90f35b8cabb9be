from collections.abc import Iterator

import psutil
import pytest

from footage.executables import choose
from footage.guards import Decoder
from footage.sandbox.sandbox import standing


@pytest.fixture(scope="session")
def decoder() -> Decoder:
    """A decoder in the full sandbox that this machine allows, as by default."""
    return Decoder(
        executable=choose(),
        memory_mb=2048,
        timeout_seconds=60,
        max_pixels=40_000_000,
        sandbox=standing(choose()),
    )


@pytest.fixture(autouse=True)
def no_child_is_left() -> Iterator[None]:
    """Every test ends with the child processes that it began with."""
    before = _children()
    yield
    assert _children() == before


def _children() -> set[int]:
    return {child.pid for child in psutil.Process().children()}
