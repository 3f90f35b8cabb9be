"""Find the footage of a point in time of an analysis."""

from dataclasses import dataclass

from sqlmodel import Session, col, select

from footage.recording import Recording
from footage.segments import Segment
from storage import tables
from storage.jobs.recordings import as_footage


@dataclass(frozen=True, slots=True)
class Spot:
    """A point in time of a recording, with all that is needed to decode the footage around it."""

    recording: Recording
    sha256: str
    modified_ns: int
    object_tag: str | None
    segment: Segment
    """The segment that contains it."""
    plan_body: str


def spot(session: Session, analysis_id: int, time_ms: int) -> Spot | None:
    """The footage at `time_ms` of an analysis; None if there is no such analysis."""
    statement = (
        select(tables.Segment, tables.Recording, tables.Plan.body)
        .join(tables.Analysis, col(tables.Segment.analysis_id) == tables.Analysis.id)
        .join(tables.Recording, col(tables.Analysis.recording_id) == tables.Recording.id)
        .join(tables.Plan, col(tables.Analysis.plan_key) == tables.Plan.key)
        .where(tables.Analysis.id == analysis_id, col(tables.Segment.start_ms) <= time_ms)
        .order_by(col(tables.Segment.start_ms).desc())
        .limit(1)
    )
    row = session.exec(statement).first()
    if row is None:
        return None
    segment, recording, body = row
    stretch = Segment(**{name: getattr(segment, name) for name in Segment.__slots__})
    return Spot(
        as_footage(recording),
        recording.sha256,
        recording.modified_ns,
        recording.object_tag,
        stretch,
        body,
    )
