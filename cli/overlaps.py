"""How listings say that footage was added more than once, and a moment seen more than once."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TypeVar

from cli.output import out, table
from pipeline.analysis.overlaps import Moment, repeated
from report.timeline import clock
from storage.database.database import Session, reading
from storage.jobs.listing import recordings_of
from storage.jobs.overlaps import SameFootage, same_footage
from storage.results.candidates import CandidateRow
from storage.results.search import Hit
from worker.resources import resources

Seen = TypeVar("Seen", CandidateRow, Hit)

SAME_AS = ("same_as_recording", "same_as_start_ms")
"""Of a candidate that shows a moment which another one shows already."""


def first_moments(found: Sequence[Seen]) -> list[Seen | None]:
    """For each of these the one it repeats: the same moment in footage that was added before, or of
    an imported face as it was watched."""
    with reading(resources().database) as session:
        return repeats_of(session, found)


def repeats_of(session: Session, found: Sequence[Seen]) -> list[Seen | None]:
    """`first_moments`, in a session that is open."""
    repeats = repeated(session, [_moment(one) for one in found])
    return [None if first is None else found[first] for first in repeats]


def remark(same_moment: str, one: Seen) -> str:
    """What a listing says beside the numbers: which other it repeats, and who cut it."""
    if same_moment and one.cut_by:
        return f"{same_moment}; cut by {one.cut_by}"
    return same_moment or one.provenance


def counted(repeats: Sequence[object]) -> str | None:
    """How many of these are different moments; None when all are."""
    different = sum(first is None for first in repeats)
    if different == len(repeats):
        return None
    return f"{len(repeats)} candidates, {different} different moment{'s' * (different > 1)}"


def links_among(analyses: Sequence[int]) -> list[SameFootage]:
    """What is known of the same footage among the recordings of these analyses."""
    with reading(resources().database) as session:
        return same_footage(session, recordings_of(session, analyses))


def print_links(known: Sequence[SameFootage]) -> None:
    """Print which recordings show the same footage, if any do."""
    shown = table("The same footage", "recording", "shows what is in", "from", "to", "it begins at")
    for one in known:
        overlap = one.overlap
        times = (overlap.start_ms, overlap.end_ms, overlap.offset_ms)
        shown.add_row(one.second, one.first, *(_clock(time_ms) for time_ms in times))
    if known:
        out.print(shown)


def same_as(first: CandidateRow | Hit | None) -> dict[str, object]:
    """The fields that say which appearance one repeats."""
    values = (None, None) if first is None else (first.recording, first.start_ms)
    return dict(zip(SAME_AS, values, strict=True))


def footage_link(one: SameFootage) -> dict[str, object]:
    """What is known of the same footage in two recordings, as JSON has it."""
    return {
        "recording": one.second,
        "sha256": one.second_sha256,
        "same_as_recording": one.first,
        "same_as_sha256": one.first_sha256,
        **asdict(one.overlap),
    }


def _moment(one: CandidateRow | Hit) -> Moment:
    who = (one.person_id, one.engine) if isinstance(one, CandidateRow) else None
    return Moment(who, one.recording_id, one.start_ms, one.end_ms, one.cut_by is not None)


def _clock(time_ms: int) -> str:
    return f"-{clock(-time_ms)}" if time_ms < 0 else clock(time_ms)
