"""What is expected counts whoever is at work, on whatever machine."""

from datetime import timedelta

import pytest
from rows import NOW, PLAN, found, segments
from sqlalchemy import Engine

from pipeline.planning.outlook import look_ahead
from pipeline.planning.windows import Windows
from storage.database.database import writing
from storage.jobs import ledger
from storage.jobs.recordings import add


@pytest.mark.parametrize(
    ("owners", "workers"),
    [([], 2), (["a.1"], 2), (["a.1", "a.2", "b.1"], 2), (["a.1", "b.1", "c.1"], 3)],
)
def test_workers_elsewhere_are_counted_while_they_hold_a_segment(
    owners: list[str], workers: int, database: Engine
) -> None:
    with writing(database) as session:
        add(session, found(), segments=segments(3), now=NOW, **PLAN)
        for segment_id, owner in enumerate(owners, 1):
            assert ledger.claim(session, segment_id, owner, 60, NOW)
        outlook = look_ahead(session, workers=2, windows=Windows(), now=NOW + timedelta(seconds=1))
    assert outlook.workers == workers
