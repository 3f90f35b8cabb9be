"""The processing settings: one frozen value, whose key is stored with every result."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Literal, Self

_OF_FOOTAGE = (
    "mode", "interval_ms", "max_side_px", "max_segment_seconds", "max_gap_seconds", "best_faces"
)  # fmt: skip
"""The settings that do not apply to imported faces."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The same footage and the same plan give the same appearances."""

    engine: str = "dlib"
    """`dlib`, `stub` or `deepface:<MODEL>+<DETECTOR>`."""
    mode: Literal["interval", "keyframes"] = "interval"
    """Sample one frame every `interval_ms`, or only the keyframes."""
    interval_ms: int = 500
    min_face_px: int = 80
    """The smallest face to detect, measured in the frame after scaling to `max_side_px`."""
    max_side_px: int = 1920
    """Frames with a longer side are scaled down to it while decoding."""
    max_segment_seconds: int = 60
    max_gap_seconds: float = 1.6
    """A face that reappears after a longer gap starts a new appearance."""
    best_faces: int = 5
    """How many crops of an appearance are kept and pooled."""
    crops_of: str = ""
    """The key of the plan whose stored crops are re-embedded; empty if footage is processed."""
    cut_by: str = ""
    """Who cut the imported faces; empty if footage is processed."""
    imported_at: str = ""
    """When the faces were imported, in ISO 8601; empty if footage is processed."""

    @property
    def body(self) -> str:
        """The plan as stored: JSON with sorted keys."""
        settings = asdict(self)
        for name in ("crops_of", "cut_by", "imported_at"):
            if not settings[name]:
                del settings[name]  # plans made before these fields existed keep their keys
        if self.cut_by:
            for name in _OF_FOOTAGE:
                del settings[name]
        return json.dumps(settings, sort_keys=True, separators=(",", ":"))

    @property
    def key(self) -> str:
        """The plan's key, 16 hex digits; equal plans have equal keys."""
        return hashlib.sha256(self.body.encode()).hexdigest()[:16]

    @classmethod
    def from_body(cls, body: str) -> Self:
        """The plan with this body. Raises ValueError or TypeError if it is not a plan's body."""
        return cls(**json.loads(body))
