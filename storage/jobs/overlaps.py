"""Fingerprints of footage, and duplicate footage in different recordings."""

from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from itertools import groupby

from sqlalchemy import func
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from footage.alignment import Marks, Overlap, marks_of
from footage.fingerprint import VERSION, Glimpses, changes
from storage import tables
from storage.database.upsert import insert_or_update
from storage.jobs.states import is_footage
from storage.tables import Analysis, Fingerprint, Recording, Segment, State

_WATCHED = (State.MATCHING, State.DONE, State.GAPS)
_SEGMENTS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class SameFootage:
    """An overlap with the names of its recordings; the first was added earlier."""

    first_id: int
    first: str
    first_sha256: str
    second_id: int
    second: str
    second_sha256: str
    overlap: Overlap


def remember_glimpses(session: Session, segment_id: int, glimpses: Glimpses) -> None:
    """Store a segment's fingerprint, in the transaction that stores its results."""
    row = {
        "segment_id": segment_id,
        "version": VERSION,
        "glimpses": glimpses.pack(),
        "marks": marks_of(changes(glimpses)).pack(),
    }
    insert_or_update(session, Fingerprint, [row], key=["segment_id"])


def recording_of(session: Session, analysis_id: int) -> int | None:
    """The recording of an analysis; None if the analysis no longer exists."""
    statement = select(Analysis.recording_id).where(col(Analysis.id) == analysis_id)
    return session.exec(statement).one_or_none()


def marks_by_recording(
    session: Session, recording_id: int | None = None
) -> Iterator[tuple[int, Marks]]:
    """Id and marks of every processed recording, oldest first; only of `recording_id`, if given."""
    statement = (
        select(Analysis.recording_id, Fingerprint.marks)
        .join(Segment, col(Segment.analysis_id) == col(Analysis.id))
        .join(Fingerprint, col(Fingerprint.segment_id) == col(Segment.id))
        .where(col(Analysis.id).in_(_latest_watched()), col(Fingerprint.version) == VERSION)
        .order_by(col(Analysis.recording_id), col(Segment.index))
        .execution_options(yield_per=_SEGMENTS_AT_ONCE)
    )
    if recording_id is not None:
        statement = statement.where(col(Analysis.recording_id) == recording_id)
    for id, rows in groupby(session.exec(statement), key=lambda row: row[0]):
        yield id, Marks.joined([Marks.unpack(packed) for _, packed in rows])


def glimpses_of(session: Session, recording_id: int) -> Glimpses:
    """The glimpses of a recording, from its latest analysis."""
    statement = (
        select(Fingerprint.glimpses)
        .join(Segment, col(Fingerprint.segment_id) == col(Segment.id))
        .join(Analysis, col(Segment.analysis_id) == col(Analysis.id))
        .where(
            col(Analysis.recording_id) == recording_id,
            col(Analysis.id).in_(_latest_watched()),
            col(Fingerprint.version) == VERSION,
        )
        .order_by(col(Segment.index))
    )
    return Glimpses.joined([Glimpses.unpack(packed) for packed in session.exec(statement)])


def remember_overlap(session: Session, first_id: int, second_id: int, overlap: Overlap) -> None:
    """Store the overlap of two recordings, `first_id` the lower; replaces an earlier one."""
    row = {"first_id": first_id, "second_id": second_id, "version": VERSION, **asdict(overlap)}
    insert_or_update(session, tables.Overlap, [row], key=["first_id", "second_id"])


def same_footage(session: Session, recording_ids: Collection[int]) -> list[SameFootage]:
    """The known overlaps between these recordings only."""
    among = set(recording_ids)
    return [pair for pair in _every_overlap(session) if {pair.first_id, pair.second_id} <= among]


def footage_shared(session: Session, recording_id: int) -> list[SameFootage]:
    """The known overlaps of one recording with any other."""
    pairs = _every_overlap(session)
    return [pair for pair in pairs if recording_id in (pair.first_id, pair.second_id)]


def with_earlier(session: Session, recording_ids: Collection[int]) -> set[int]:
    """These recordings, and all that were added earlier and overlap, also through others."""
    related = set(recording_ids)
    pairs = sorted(_every_overlap(session), key=lambda pair: pair.second_id, reverse=True)
    for pair in pairs:  # the latest first, so that one pass follows every chain
        if pair.second_id in related:
            related.add(pair.first_id)
    return related


def _every_overlap(session: Session) -> Iterator[SameFootage]:
    first, second = aliased(Recording), aliased(Recording)
    statement = (
        select(tables.Overlap, first, second)
        .join(first, col(first.id) == col(tables.Overlap.first_id))
        .join(second, col(second.id) == col(tables.Overlap.second_id))
        .order_by(col(tables.Overlap.first_id), col(tables.Overlap.second_id))
    )
    for row, a, b in session.exec(statement):
        overlap = Overlap(row.offset_ms, row.start_ms, row.end_ms, row.agreement)
        yield SameFootage(a.id, a.name, a.sha256, b.id, b.name, b.sha256, overlap)


def _latest_watched() -> SelectOfScalar[int]:
    """One analysis of each recording: footage processed under two plans is not an overlap."""
    latest = select(func.max(col(Analysis.id))).where(
        is_footage(), col(Analysis.state).in_(_WATCHED)
    )
    return latest.group_by(col(Analysis.recording_id))
