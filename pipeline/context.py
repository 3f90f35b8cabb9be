"""The resources that the steps use."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from faces.engine import FaceEngine
from footage.ffmpeg import Decoder
from pipeline.clock import utc_now
from pipeline.plan import Plan
from pipeline.planning.windows import Windows
from storage.database.database import Engine
from storage.files.footage_store import FootageStore
from storage.files.sealed import SealedMedia


@dataclass(frozen=True, slots=True)
class Context:
    """A database, a store for crops, a decoder, and the engine that a plan names."""

    database: Engine
    media: SealedMedia
    decoder: Decoder
    engine_for: Callable[[Plan], FaceEngine]
    lease_seconds: int
    windows: Windows = field(default_factory=Windows)
    """When footage is processed, unless it may be processed at any time."""
    footage_store: FootageStore | None = None
    """The store of footage that is not on this machine; None if all of it is local."""
    clock: Callable[[], datetime] = utc_now
    """Returns the current time; for steps that take long after they were requested."""
    process_name: Callable[[], str] = str
    """Returns this process's name in the ledger; others use it to tell whether it is alive."""
