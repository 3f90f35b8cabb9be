"""What the steps work with."""

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
    """A database, a place for crops, a decoder, and whatever engine a plan asks for."""

    database: Engine
    media: SealedMedia
    decoder: Decoder
    engine_for: Callable[[Plan], FaceEngine]
    lease_seconds: int
    windows: Windows = field(default_factory=Windows)
    """When footage is watched that is not to be watched at any time."""
    footage_store: FootageStore | None = None
    """Where footage lies that is not on this machine; None where all of it is."""
    clock: Callable[[], datetime] = utc_now
    """The present, for steps that outlast the moment they were asked at."""
    process_name: Callable[[], str] = str
    """What this process is called in the ledger; others can tell by it whether it lives."""
