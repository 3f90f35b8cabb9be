"""How footage is looked at: one frozen value, whose key is stored with every result."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Literal, Self

_OF_FOOTAGE = (
    "mode", "interval_ms", "max_side_px", "max_segment_seconds", "max_gap_seconds", "best_faces"
)  # fmt: skip
"""What says nothing of faces that others cut."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The same footage and the same plan give the same appearances."""

    engine: str = "dlib"
    """`dlib`, `stub` or `deepface:<MODEL>+<DETECTOR>`."""
    mode: Literal["interval", "keyframes"] = "interval"
    """Look at one frame every `interval_ms`, or at the keyframes only."""
    interval_ms: int = 500
    min_face_px: int = 80
    """Smallest face looked for, measured in the picture after `max_side_px`."""
    max_side_px: int = 1920
    """Pictures with a longer side are scaled down to it while decoding."""
    max_segment_seconds: int = 60
    max_gap_seconds: float = 1.6
    """A face unseen for longer than this begins a new appearance."""
    best_faces: int = 5
    """How many crops of an appearance are kept and pooled."""
    crops_of: str = ""
    """The key of the plan whose kept crops are re-embedded; empty where footage is watched."""
    cut_by: str = ""
    """Who cut the faces that were imported; empty where footage is watched."""
    imported_at: str = ""
    """When, in ISO 8601."""

    @property
    def body(self) -> str:
        """The plan as JSON, sorted, as it is stored."""
        told = asdict(self)
        for name in ("crops_of", "cut_by", "imported_at"):
            if not told[name]:
                del told[name]  # plans that were made before there was this keep their keys
        if self.cut_by:
            for name in _OF_FOOTAGE:
                del told[name]
        return json.dumps(told, sort_keys=True, separators=(",", ":"))

    @property
    def key(self) -> str:
        """Sixteen hex digits that name this plan: equal plans, equal keys."""
        return hashlib.sha256(self.body.encode()).hexdigest()[:16]

    @classmethod
    def from_body(cls, body: str) -> Self:
        """The plan that `body` was made from."""
        return cls(**json.loads(body))
