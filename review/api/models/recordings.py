"""Recordings and uploads."""

from pydantic import BaseModel, Field

from pipeline.intake.recordings import Coming
from review.api.models.given import Gaps, Reasons
from review.recordings import Shown
from storage.jobs.uploads import Stage
from storage.tables import State


class RecordingAnswer(BaseModel):
    """A recording processed under one plan."""

    id: int = Field(description="Job id, as in `nightreel jobs list`.")
    recording_id: int
    name: str = Field(description="File name when first added.", examples=["gate 2.mp4"])
    sha256: str
    state: State
    cut_by: str | None = Field(description="Who cropped the faces, if only faces were imported.")
    duration_ms: int
    done_ms: int = Field(description="Footage in segments that were processed or given up.")
    total_ms: int
    expected: str = Field(
        description="Expected completion, as text; may be empty.", examples=["05:40"]
    )
    decoded_ms: int
    sampled_frames: int
    faces: int
    appearances: int
    gaps: Gaps
    reasons: Reasons

    @classmethod
    def of(cls, one: Shown) -> "RecordingAnswer":
        came, far = one.outcome, one.progress
        return cls(
            id=came.analysis_id,
            recording_id=came.recording_id,
            name=came.name,
            sha256=came.sha256,
            state=came.state,
            cut_by=came.cut_by,
            duration_ms=came.duration_ms,
            done_ms=far.done_ms,
            total_ms=far.total_ms,
            expected=one.expected,
            decoded_ms=came.decoded_ms,
            sampled_frames=came.sampled_frames,
            faces=came.faces,
            appearances=came.appearances,
            gaps=came.gaps,
            reasons=came.reasons,
        )


class RecordingsAnswer(BaseModel):
    """A page of recordings, newest first."""

    recordings: list[RecordingAnswer]
    next: str | None = Field(description="Cursor of the next page.", examples=["-41"])


class UploadAnswer(BaseModel):
    """An upload."""

    id: str
    name: str = Field(examples=["gate 2.mp4"])
    size_bytes: int
    offset_bytes: int = Field(description="Bytes received.")
    stage: Stage
    reason: str | None = Field(description="Reason for rejection.")

    @classmethod
    def of(cls, one: Coming) -> "UploadAnswer":
        upload = one.upload
        return cls(
            id=upload.id,
            name=upload.name,
            size_bytes=upload.size_bytes,
            offset_bytes=one.offset,
            stage=upload.stage,
            reason=upload.reason,
        )
