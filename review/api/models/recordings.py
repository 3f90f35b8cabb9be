"""Recordings and uploads."""

from pydantic import BaseModel, Field

from review.recordings import Coming, Shown
from storage.jobs.uploads import Stage
from storage.tables import State


class RecordingAnswer(BaseModel):
    """A recording looked at under one plan."""

    id: int = Field(description="Of the job, as `nightreel jobs list` has it.")
    recording_id: int
    name: str = Field(
        description="The file's name when it was first added.", examples=["gate 2.mp4"]
    )
    sha256: str
    state: State
    cut_by: str | None = Field(
        description="Who cut the faces, where nothing but they was imported."
    )
    duration_ms: int
    done_ms: int = Field(description="Footage in segments that were watched or given up.")
    total_ms: int
    expected: str = Field(
        description="When it is expected to be done, in words; may be empty.", examples=["05:40"]
    )
    decoded_ms: int
    sampled_frames: int
    faces: int
    appearances: int
    gaps: list[tuple[int, int]] = Field(
        description="From and to in milliseconds of what could not be looked at.",
        examples=[[[61000, 64000]]],
    )
    reasons: list[str] = Field(
        description="Why there are gaps.", examples=[["The file ends before its time."]]
    )

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
    """Some recordings, the newest first."""

    recordings: list[RecordingAnswer]
    next: str | None = Field(description="The cursor of older ones.", examples=["-41"])


class UploadAnswer(BaseModel):
    """A file that somebody hands in."""

    id: str
    name: str = Field(examples=["gate 2.mp4"])
    size_bytes: int
    offset_bytes: int = Field(description="How many of them have come.")
    stage: Stage
    reason: str | None = Field(description="Why it was refused.")

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
