"""What the steps work with."""

from collections.abc import Callable
from dataclasses import dataclass

from faces.engine import FaceEngine
from footage.ffmpeg import Decoder
from pipeline.plan import Plan
from storage.database import Engine
from storage.media import Media


@dataclass(frozen=True, slots=True)
class Tools:
    """A database, a place for crops, a decoder, and whatever engine a plan asks for."""

    database: Engine
    media: Media
    decoder: Decoder
    engine_for: Callable[[Plan], FaceEngine]
    lease_seconds: int
