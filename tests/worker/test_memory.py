"""What a task freed is the system's again, though what lives on lies between."""

import psutil

from worker.signals import give_memory_back

BLOCK_BYTES, BLOCKS, KEPT = 600, 200_000, 100


def test_what_lies_between_what_is_kept_is_given_back() -> None:
    process = psutil.Process()
    blocks = [bytes(BLOCK_BYTES) for _ in range(BLOCKS)]
    kept = blocks[::KEPT]
    del blocks
    before = process.memory_info().rss
    give_memory_back()
    assert len(kept) == BLOCKS // KEPT
    assert before - process.memory_info().rss > BLOCK_BYTES * BLOCKS / 2
