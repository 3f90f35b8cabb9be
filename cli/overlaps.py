"""How listings show footage that was added more than once, and repeated moments."""

from collections.abc import Sequence
from dataclasses import asdict

from cli.output import out, table
from pipeline.judging.listed import Listed
from pipeline.people.search import Hit
from report.timeline import clock
from storage.jobs.overlaps import SameFootage


def counted(found: Sequence[Listed | Hit]) -> str:
    """How many of these are different moments; empty if all are."""
    different = sum(each.same_as is None for each in found)
    if different == len(found):
        return ""
    return f"{len(found)} candidates, {different} different moment{'s' * (different > 1)}"


def print_links(links: Sequence[SameFootage]) -> None:
    """Print which recordings show the same footage, if any do."""
    shown = table("The same footage", "recording", "overlaps with", "from", "to", "starts at")
    for link in links:
        overlap = link.overlap
        times = (overlap.start_ms, overlap.end_ms, overlap.offset_ms)
        shown.add_row(link.second, link.first, *(_clock(time_ms) for time_ms in times))
    if links:
        out.print(shown)


def footage_link(link: SameFootage) -> dict[str, object]:
    """The JSON form of the same footage in two recordings."""
    return {
        "recording": link.second,
        "sha256": link.second_sha256,
        "same_as_recording": link.first,
        "same_as_sha256": link.first_sha256,
        **asdict(link.overlap),
    }


def _clock(time_ms: int) -> str:
    return f"-{clock(-time_ms)}" if time_ms < 0 else clock(time_ms)
