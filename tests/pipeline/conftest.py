"""Steps on real databases with engine `stub`."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from object_store import ObjectServer, Spoiler
from painted import RED, Stay, paint
from sealing import sealed
from sqlalchemy import Engine

from faces.engine import FaceEngine
from faces.engines.stub import StubEngine
from footage.executables import choose
from footage.guards import Decoder
from footage.sandbox.sandbox import standing
from pipeline.context import Context
from pipeline.plan import Plan
from storage.files.objects import Bucket


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
def _quick_hashes(quick_hashes: None) -> None:
    """Cheap password hashes for every step."""


@pytest.fixture
def make_tools(database: Engine, decoder: Decoder, tmp_path: Path) -> Callable[..., Context]:
    """A factory of contexts on one database and media folder, with a given engine."""

    def make(engine: FaceEngine | None = None, **others: object) -> Context:
        values = {
            "database": database,
            "media": sealed(tmp_path / "media", database),
            "decoder": decoder,
            "lease_seconds": 60,
        }
        return Context(
            engine_for=lambda plan: engine or StubEngine(plan.min_face_px),
            **(values | others),
        )

    return make


@pytest.fixture
def context(make_tools: Callable[..., Context]) -> Context:
    return make_tools()


@pytest.fixture(scope="session")
def plan() -> Plan:
    """Segments of about two seconds, so that short clips have segment borders."""
    return Plan(engine="stub", max_segment_seconds=2)


@pytest.fixture(scope="session")
def drawn_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds; red from 1 s to 5 s."""
    return paint(tmp_path_factory.mktemp("drawn") / "gate.mp4", 6, Stay(RED, 1, 5))


@pytest.fixture
def clip(drawn_clip: Path, tmp_path: Path) -> Path:
    """A copy of that clip for this test."""
    copy = tmp_path / drawn_clip.name
    copy.write_bytes(drawn_clip.read_bytes())
    return copy


@pytest.fixture
def spoiler(object_server: ObjectServer) -> Spoiler:
    return Spoiler(object_server)


@pytest.fixture
def bucket(spoiler: Spoiler) -> Iterator[Bucket]:
    """A bucket that is reached through the spoiler."""
    with spoiler.running() as server:
        yield server.bucket(timeout_seconds=1)
