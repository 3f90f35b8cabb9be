"""What Prometheus is told, and what it is not told."""

from pathlib import Path

from made_snapshots import MINUTE, NOW, SECOND, sight_of, vitals_with
from prometheus_client.parser import text_string_to_metric_families

from errors import StoreUnavailable
from monitor.metrics import Exporter
from monitor.snapshots import Snapshot
from storage.jobs.vitals import RecentWork
from storage.tables import Priority, State

Samples = dict[tuple[str, str], float]


def samples(exporter: Exporter) -> Samples:
    """Name and label's value of every sample."""
    families = text_string_to_metric_families(exporter.text().decode())
    return {
        (sample.name.removeprefix("nightreel_"), "".join(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


def samples_of(snapshot: Snapshot, home: Path) -> Samples:
    """Of one snapshot."""
    return samples(Exporter(lambda: snapshot, home))


def test_a_busy_ledger(tmp_path: Path) -> None:
    told = samples_of(
        sight_of(
            vitals_with(
                segments={State.DONE: 7, State.WAITING: 2, State.QUARANTINED: 1},
                footage_ms={State.DONE: 420_000},
                analyses={State.RUNNING: 2, State.GAPS: 1},
                paused=1,
                repeats=4,
                overdue_leases=1,
                waiting_since={Priority.OVERNIGHT: NOW - 2 * MINUTE},
                lease_until={"default": NOW + 50 * SECOND},
                recent=RecentWork(120_000, 90.0, 60.0),
                refused=5,
            )
        ),
        tmp_path,
    )
    assert told["segments", "done"] == 7
    assert told["segments", "cancelled"] == 0
    assert told["segments", "quarantined"] == 1
    assert told["footage_seconds", "done"] == 420
    assert told["analyses", "gaps"] == 1
    assert told["analyses_paused", ""] == 1
    assert told["segment_repeats", ""] == 4
    assert told["leases_overdue", ""] == 1
    assert told["queue_age_seconds", "overnight"] == 120
    assert told["queue_age_seconds", "urgent"] == 0
    assert told["canary_age_seconds", "upkeep"] == 10
    assert told["queue_silence_seconds", "nightreel"] == 10
    assert told["work_seconds_per_footage_hour", ""] == 2700
    assert told["files_refused", ""] == 5
    assert (told["healthy", ""], told["window_open", ""]) == (1, 1)
    assert told["ledger_readable", ""] == 1


def test_without_a_database_one_metric_says_so(tmp_path: Path) -> None:
    def look() -> Snapshot:
        raise StoreUnavailable("The database is away.")

    told = samples(Exporter(look, tmp_path))
    assert told.pop(("home_free_bytes", "")) > 0
    assert told == {("ledger_readable", ""): 0}


def test_footage_is_told_in_seconds(tmp_path: Path) -> None:
    seen = vitals_with(watched_ms=7_200_000, waiting_ms=1_800_000)
    told = samples(Exporter(lambda: sight_of(seen), tmp_path))
    assert told["footage_watched_seconds_total", ""] == 7200
    assert told["footage_waiting_seconds", ""] == 1800


def test_no_path_is_told() -> None:
    exporter = Exporter(lambda: sight_of(vitals_with()), Path("/cases/Jane Doe"))
    assert "Jane" not in exporter.text().decode()
