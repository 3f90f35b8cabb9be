"""The paths of pictures and clips on this host."""

from storage.results.seen import Seen

CASES = "/api/v1/cases"


def photo(case_id: int, photo_id: int) -> str:
    """The face of a reference photo."""
    return f"{CASES}/{case_id}/photos/{photo_id}"


def candidate(case_id: int, person_id: int, appearance_id: int) -> str:
    """A candidate; its pictures and clips are below this path."""
    return f"{CASES}/{case_id}/candidates/{person_id}/{appearance_id}"


def crops(candidate: str, seen: Seen) -> list[str]:
    """A candidate's pictures, the clearest first."""
    return [f"{candidate}/crops/{place}" for place in range(len(seen.crops))]


def clip(candidate: str, seen: Seen) -> str | None:
    """The clip of a candidate; none for an imported face."""
    return f"{candidate}/clip.mp4" if seen.cut_by is None else None


def found(case_id: int, appearance_id: int, place: int) -> str:
    """A picture of a hit."""
    return f"{CASES}/{case_id}/appearances/{appearance_id}/crops/{place}"


def grouped(case_id: int, group_id: int, appearance_id: int) -> str:
    """The best picture of an appearance in a group."""
    return f"{CASES}/{case_id}/groups/{group_id}/crops/{appearance_id}"
