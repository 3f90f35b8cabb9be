"""Find duplicate footage among recordings, and appearances that repeat one another in it."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from footage.alignment import Overlap, align, proposals
from pipeline.context import Context
from storage.database.database import Session, reading, writing
from storage.jobs.overlaps import (
    SameFootage,
    glimpses_of,
    marks_by_recording,
    recording_of,
    remember_overlap,
    same_footage,
    with_earlier,
)
from storage.results.candidates import CandidateRow, Span, spans
from storage.results.seen import Seen

Stretch: TypeAlias = tuple[int, int]
"""From and to, in milliseconds of a recording."""
SLACK_MS = 1000
"""How far apart two samples of the same moment may be: each recording is sampled separately."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The time of an appearance in a recording, in milliseconds."""

    who: Hashable
    """The person it is attributed to; only moments with the same value are compared."""
    recording_id: int
    start_ms: int
    end_ms: int
    imported: bool = False
    """Whether it was imported: then it repeats an analysed appearance at that time, if any."""


@dataclass(frozen=True, slots=True)
class SameAs:
    """The first occurrence of a repeated moment."""

    recording: str
    start_ms: int
    rank: int | None = None
    """The rank of the candidate that shows it; None where there are no ranks."""


def moment_of(seen: Seen) -> Moment:
    """The moment of an appearance, not attributed to a person."""
    return Moment(None, seen.recording_id, seen.start_ms, seen.end_ms, seen.cut_by is not None)


def link_footage(analysis_id: int, context: Context) -> None:
    """Store the overlaps of the recording of an analysis with every other recording.

    Running it twice equals once, and the order in which recordings are processed does not matter.
    Raises StoreUnavailable.
    """
    with reading(context.database) as session:
        recording_id = recording_of(session, analysis_id)
        if recording_id is None:
            return
        alike = list(_alike(session, recording_id))
    for first_id, second_id, lags in alike:
        with reading(context.database) as session:
            overlap = align(glimpses_of(session, first_id), glimpses_of(session, second_id), lags)
        if overlap is not None:
            with writing(context.database) as session:
                remember_overlap(session, first_id, second_id, overlap)


def same_moments(moments: Sequence[Moment], known: Sequence[SameFootage]) -> list[int | None]:
    """For each moment the index of the one it repeats, or None.

    That is the same moment in a recording added earlier, or for an imported moment the analysed one
    in its own recording. None also if an earlier recording has the footage but no appearance then.
    """
    earlier: dict[int, list[SameFootage]] = {}
    for link in known:
        earlier.setdefault(link.second_id, []).append(link)
    repeats: list[int | None] = [None] * len(moments)
    firsts: dict[tuple[Hashable, int], list[int]] = {}
    for index in sorted(range(len(moments)), key=lambda index: _order(moments[index])):
        moment = moments[index]
        for place, there in _places(moment, earlier.get(moment.recording_id, ())):
            first = _met(moment, there, moments, firsts.get((moment.who, place), ()))
            if first is not None:
                repeats[index] = first if repeats[first] is None else repeats[first]
                break
        firsts.setdefault((moment.who, moment.recording_id), []).append(index)
    return repeats


def earlier_stretch(moment: Moment, known: Sequence[SameFootage]) -> SameAs | None:
    """Where a recording added earlier has the footage of a moment; None if none has it.

    It does not matter whether a face was detected there.
    """
    for same in known:
        if same.second_id == moment.recording_id:
            there = _there(moment, same.overlap)
            if there is not None:
                return SameAs(same.first, max(0, there[0]))
    return None


def repeated(session: Session, moments: Sequence[Moment]) -> list[int | None]:
    """`same_moments` with the stored overlaps of the moments' recordings."""
    known = same_footage(session, {moment.recording_id for moment in moments})
    return same_moments(moments, known)


def repeats(session: Session, found: Sequence[Span]) -> dict[int, SameAs]:
    """The candidate that each of these repeats, by the id of the repeating candidate."""
    firsts = repeated(session, [_moment(span) for span in found])
    return {
        span.id: SameAs(found[first].recording, found[first].start_ms, found[first].rank)
        for span, first in zip(found, firsts, strict=True)
        if first is not None
    }


def repeats_among_all(session: Session, some: Sequence[CandidateRow]) -> dict[int, SameAs]:
    """`repeats` for some candidates, among all candidates of the same people."""
    recordings = with_earlier(session, {row.seen.recording_id for row in some})
    if not any(row.seen.cut_by for row in some) and not same_footage(session, recordings):
        return {}  # read no further: a person may have thousands in one recording
    firsts = repeats(session, spans(session, {row.person_id for row in some}, recordings))
    return {row.id: firsts[row.id] for row in some if row.id in firsts}


def _moment(span: Span) -> Moment:
    who = (span.person_id, span.engine)
    imported = span.cut_by is not None
    return Moment(who, span.recording_id, span.start_ms, span.end_ms, imported)


def _alike(session: Session, recording_id: int) -> Iterator[tuple[int, int, list[int]]]:
    """Pairs of recordings that may overlap, the older one first, with proposed offsets."""
    own_marks = dict(marks_by_recording(session, recording_id)).get(recording_id)
    if own_marks is None:
        return
    for other_id, marks in marks_by_recording(session):
        if other_id != recording_id:
            pairs = sorted([(recording_id, own_marks), (other_id, marks)], key=lambda pair: pair[0])
            (first_id, first), (second_id, second) = pairs
            if lags := proposals(first, second):
                yield first_id, second_id, lags


def _order(moment: Moment) -> tuple[int, bool]:
    """Recordings in the order added; within one, analysed moments before imported ones."""
    return moment.recording_id, moment.imported


def _places(moment: Moment, earlier: Sequence[SameFootage]) -> Iterator[tuple[int, Stretch]]:
    """Recordings that may show a moment first, with its stretch in the time of each."""
    if moment.imported:
        yield moment.recording_id, (moment.start_ms, moment.end_ms)
    for same in earlier:
        there = _there(moment, same.overlap)
        if there is not None:
            yield same.first_id, there


def _met(
    moment: Moment, there: Stretch, moments: Sequence[Moment], candidates: Sequence[int]
) -> int | None:
    """The candidate that a moment repeats; all are in one recording, the moment is at `there`."""
    start_ms, end_ms = there
    for index in candidates:
        other = moments[index]
        # Two imported faces are not known to be one appearance, not even at the same time.
        both_cut = other.imported and other.recording_id == moment.recording_id
        meet = other.start_ms - SLACK_MS <= end_ms and start_ms <= other.end_ms + SLACK_MS
        if meet and not both_cut:
            return index
    return None


def _there(moment: Moment, overlap: Overlap) -> Stretch | None:
    """A moment's stretch in the time of the earlier recording; None outside their overlap."""
    start_ms, end_ms = moment.start_ms + overlap.offset_ms, moment.end_ms + overlap.offset_ms
    is_common = overlap.start_ms <= (start_ms + end_ms) / 2 <= overlap.end_ms
    return (start_ms, end_ms) if is_common else None
