"""Rows for tests to store."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sealing import keys_of
from sqlmodel import col, select

from faces.face import Box
from footage.recording import Recording
from footage.segments import Segment
from storage import tables
from storage.cases import references
from storage.cases.references import NewReference
from storage.database.database import Session
from storage.jobs.recordings import Found
from storage.results.candidates import CandidateRow
from storage.results.seen import Seen
from storage.tables.vectors import matrix
from storage.vectors.appearances import Presence

NOW = datetime(2026, 3, 1, 22, 0, tzinfo=UTC)
PLAN = {"plan_key": "0123456789abcdef", "plan_body": '{"engine": "stub"}'}


def found(sha256: str = "a" * 64, path: str = "/footage/gate.mp4", **changes: object) -> Found:
    """A probed file, as the first step of ingestion returns it."""
    recording = {
        "path": path,
        "size_bytes": 5_000_000_000,
        "codec": "h264",
        "width": 1920,
        "height": 1080,
        "rotation": 0,
        "pixel_format": "yuv420p",
        "frame_rate": Fraction(30000, 1001),
        "time_base": Fraction(1, 90000),
        "start_us": 1_400_000,
        "duration_claimed_ms": None,
        "duration_ms": 30_000,
        "packets": 900,
        "keyframes": (126000, 396000),
    }
    return Found(
        sha256, Path(path).name, 1_700_000_000_000_000_001, Recording(**recording | changes)
    )


def segments(number: int = 3) -> list[Segment]:
    """Ten-second segments one after another."""
    return [
        Segment(index, 10_000 * index, 10_000 * (index + 1), 900_000 * index, None)
        for index in range(number)
    ]


def presence(start_ms: int = 0, colour: float = 1.0, faces: int = 4) -> Presence:
    """A person seen for two seconds; equal colours are equal vectors."""
    vector = np.zeros(8, np.float32)
    vector[0] = colour
    box = Box(10.5, 20.0, 80.0, 96.0)
    crops = (f"{start_ms:064x}.jpg",)
    return Presence(start_ms, start_ms + 2000, start_ms + 500, box, 0.9, 0.7, faces, vector, crops)


def seen(**changes: Any) -> Seen:
    """A person seen for two seconds, as read from the database."""
    values: dict[str, Any] = {
        "appearance_id": 1,
        "analysis_id": 1,
        "plan": PLAN["plan_key"],
        "recording_id": 1,
        "recording": "gate.mp4",
        "recording_sha256": "a" * 64,
        "recording_ms": 30_000,
        "start_ms": 1_000,
        "end_ms": 3_000,
        "best_ms": 1_500,
        "box": (10.5, 20.0, 80.0, 96.0),
        "score": 0.9,
        "quality": 0.6,
        "faces": 4,
        "crops": ("c" * 64 + ".jpg",),
    }
    return Seen(**values | changes)


def candidate(rank: int = 1, **changes: Any) -> CandidateRow:
    """An appearance as a candidate for Ada."""
    values: dict[str, Any] = {
        "id": rank,
        "case": "A-1",
        "person_id": 1,
        "person": "Ada",
        "seen": seen(),
        "reference_id": 1,
        "reference": "passport.jpg",
        "reference_sha256": "b" * 64,
        "reference_crop": None,
        "distance": 0.1 * rank,
        "threshold": 0.4,
        "rank": rank,
        "engine": "dlib",
    }
    return CandidateRow(**values | changes)


TERMS = {
    "legal_basis": "witness-search",
    "purpose": "to find a witness",
    "requested_by": "A. Officer",
    "sources": ["*"],
    "expires_at": NOW + timedelta(days=30),
}


def add_accounts(session: Session, *numbers: int) -> None:
    """Accounts with these ids, for rows that need an account."""
    for number in numbers:
        account = {"name": f"account-{number}", "roles": ["reviewer"], "created_at": NOW}
        session.add(tables.Account(id=number, **account))


def reference(photo: str = "passport.jpg", **changes: Any) -> NewReference:
    """A usable photo, unless the changes say otherwise."""
    usable = NewReference(
        photo_sha256=photo.ljust(64, "0"),
        photo_name=photo,
        engine="stub",
        weights_sha256="w" * 64,
        verdict="Usable.",
        vector=presence().vector,
        crop="c" * 64 + ".jpg",
        quality=0.8,
    )
    return replace(usable, **changes)


def add_reference(session: Session, person_id: int, one: NewReference) -> int:
    """Store a reference, sealed with the keys of the tests."""
    return references.add_reference(session, person_id, one, keys=keys_of(session))


def appearance_vectors(session: Session, *, engine: str) -> tuple[list[int], NDArray[np.float32]]:
    """The ids of every appearance that an engine embedded, in order, and their vectors [n, d]."""
    of_engine = select(tables.Embedding.appearance_id, col(tables.Embedding.vector)).where(
        col(tables.Embedding.engine) == engine
    )
    in_order = session.exec(of_engine.order_by(col(tables.Embedding.appearance_id))).all()
    return [id for id, _ in in_order], matrix([vector for _, vector in in_order])
