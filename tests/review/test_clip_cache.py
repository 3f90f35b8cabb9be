"""Clips are cached as long as there is room for them."""

from pipeline.judging.clips import Clip
from review.clip_cache import ClipCache


def made(cache: ClipCache, *labels: str, size: int = 4) -> list[str]:
    """Take these clips; returns the labels of those that were not cached."""
    missed: list[str] = []

    def make(label: str) -> Clip:
        missed.append(label)
        return Clip(b"x" * size, 0, 1, blurred=True, followed=True)

    for label in labels:
        assert cache.take(label, lambda label=label: make(label)).mp4 == b"x" * size  # type: ignore[misc]
    return missed


def test_a_cached_clip_is_not_made_again() -> None:
    assert made(ClipCache(10), "a", "a", "b", "a", "b") == ["a", "b"]


def test_the_least_recently_used_clip_is_dropped_first() -> None:
    assert made(ClipCache(10), "a", "b", "a", "c", "a", "b") == ["a", "b", "c", "b"]


def test_a_clip_larger_than_the_cache_is_shown_and_not_cached() -> None:
    assert made(ClipCache(10), "a", "a", size=11) == ["a", "a"]
