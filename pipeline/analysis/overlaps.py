"""Find out which recordings show the same footage, and which appearances are the same moment."""

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
"""How far apart two looks at the same moment may be: each is sampled for itself."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Somebody seen in a recording."""

    who: Hashable
    """Whom it is said to show: only moments of the same are compared."""
    recording_id: int
    start_ms: int
    end_ms: int
    imported: bool = False
    """Whether others cut it: then it repeats what was watched at that time of its recording."""


@dataclass(frozen=True, slots=True)
class SameAs:
    """Where a repeated moment was seen first."""

    recording: str
    start_ms: int
    rank: int | None = None
    """The candidate's that shows it; None where there are no ranks."""


def moment_of(seen: Seen) -> Moment:
    """When somebody was seen, whoever it is."""
    return Moment(None, seen.recording_id, seen.start_ms, seen.end_ms, seen.cut_by is not None)


def link_footage(analysis_id: int, context: Context) -> None:
    """Link a recording that was watched with every other that shows some of the same footage.

    Running it twice equals once, and it does not matter which of two was watched first.
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
    """For each moment the index of the one it repeats: the same in an earlier-added recording, or
    of an imported one the same as it was watched.

    None for what is seen for the first time, also where the earlier recording has the footage
    but nothing was seen in it then.
    """
    earlier: dict[int, list[SameFootage]] = {}
    for one in known:
        earlier.setdefault(one.second_id, []).append(one)
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
    """Where the footage of a moment is in an earlier-added recording.

    Whether anybody was seen there is not asked. None for footage that is seen for the first time.
    """
    for same in known:
        if same.second_id == moment.recording_id:
            there = _there(moment, same.overlap)
            if there is not None:
                return SameAs(same.first, max(0, there[0]))
    return None


def repeated(session: Session, moments: Sequence[Moment]) -> list[int | None]:
    """`same_moments`, by what is known of the recordings the moments are in."""
    known = same_footage(session, {one.recording_id for one in moments})
    return same_moments(moments, known)


def repeats(session: Session, found: Sequence[Span]) -> dict[int, SameAs]:
    """Of candidates that repeat another of these, by their ids: which one."""
    firsts = repeated(session, [_moment(one) for one in found])
    return {
        one.id: SameAs(found[first].recording, found[first].start_ms, found[first].rank)
        for one, first in zip(found, firsts, strict=True)
        if first is not None
    }


def repeats_among_all(session: Session, some: Sequence[CandidateRow]) -> dict[int, SameAs]:
    """`repeats` of some candidates among all of the same people."""
    recordings = with_earlier(session, {one.seen.recording_id for one in some})
    if not any(one.seen.cut_by for one in some) and not same_footage(session, recordings):
        return {}  # read no further: a person may have thousands in one recording
    known = repeats(session, spans(session, {one.person_id for one in some}, recordings))
    return {one.id: known[one.id] for one in some if one.id in known}


def _moment(span: Span) -> Moment:
    who = (span.person_id, span.engine)
    imported = span.cut_by is not None
    return Moment(who, span.recording_id, span.start_ms, span.end_ms, imported)


def _alike(session: Session, recording_id: int) -> Iterator[tuple[int, int, list[int]]]:
    """Recordings that may show the same, the older first, and where the second may begin."""
    mine = dict(marks_by_recording(session, recording_id)).get(recording_id)
    if mine is None:
        return
    for other_id, marks in marks_by_recording(session):
        if other_id != recording_id:
            pairs = sorted([(recording_id, mine), (other_id, marks)], key=lambda one: one[0])
            (first_id, first), (second_id, second) = pairs
            if lags := proposals(first, second):
                yield first_id, second_id, lags


def _order(moment: Moment) -> tuple[int, bool]:
    """What was added earlier comes first, of one recording what was watched."""
    return moment.recording_id, moment.imported


def _places(moment: Moment, earlier: Sequence[SameFootage]) -> Iterator[tuple[int, Stretch]]:
    """Recordings that may show a moment already, and from when to when in the time of each."""
    if moment.imported:
        yield moment.recording_id, (moment.start_ms, moment.end_ms)
    for same in earlier:
        there = _there(moment, same.overlap)
        if there is not None:
            yield same.first_id, there


def _met(
    moment: Moment, there: Stretch, moments: Sequence[Moment], candidates: Sequence[int]
) -> int | None:
    """The one of these, all in one recording, that a moment repeats, which is `there` in it."""
    start_ms, end_ms = there
    for index in candidates:
        other = moments[index]
        # Nobody says that two faces that others cut are one look, not even at the same time.
        both_cut = other.imported and other.recording_id == moment.recording_id
        meet = other.start_ms - SLACK_MS <= end_ms and start_ms <= other.end_ms + SLACK_MS
        if meet and not both_cut:
            return index
    return None


def _there(moment: Moment, overlap: Overlap) -> Stretch | None:
    """From and to of a moment in the earlier recording's time, where both show it."""
    start_ms, end_ms = moment.start_ms + overlap.offset_ms, moment.end_ms + overlap.offset_ms
    is_common = overlap.start_ms <= (start_ms + end_ms) / 2 <= overlap.end_ms
    return (start_ms, end_ms) if is_common else None
