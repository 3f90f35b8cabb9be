"""Ids in batches small enough for one SQL statement."""

from collections.abc import Collection, Iterator, Sequence

_AT_ONCE = 10_000  # SQLite allows 32,766 parameters in a statement


def batches(ids: Collection[int]) -> Iterator[Sequence[int]]:
    """Ids in ascending order, in batches of at most 10,000."""
    in_order = sorted(ids)
    return (in_order[start : start + _AT_ONCE] for start in range(0, len(in_order), _AT_ONCE))
