"""Numbers in portions that a statement may name."""

from collections.abc import Collection, Iterator, Sequence

_AT_ONCE = 10_000  # SQLite takes 32,766 parameters in a statement


def batches(ids: Collection[int]) -> Iterator[Sequence[int]]:
    """These numbers in ascending order, some thousands at a time."""
    in_order = sorted(ids)
    return (in_order[start : start + _AT_ONCE] for start in range(0, len(in_order), _AT_ONCE))
