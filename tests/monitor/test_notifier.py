"""Who is told what, when, and how often."""

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from listeners import command_that, command_that_writes_down, diary_of
from made_snapshots import AT_NIGHT, MINUTE, NOW, SECOND, expected
from rows import PLAN, add_accounts, found, presence, segments

from errors import StoreUnavailable
from footage.coverage import Coverage
from monitor import alerts, notifier
from monitor.health import judge
from monitor.notifier import Notifier
from monitor.snapshots import Snapshot
from settings import Settings
from storage.access.audit import Action, record
from storage.database.database import reading, writing
from storage.jobs import ledger, uploads
from storage.jobs.canaries import show_life
from storage.jobs.monitoring import note_look
from storage.jobs.notices import due, latest
from storage.jobs.recordings import add
from storage.jobs.vitals import vitals
from storage.jobs.workers import report
from worker.resources import Resources

SEEN = Coverage(250, 20, 10_000, ())
MORNING = (NOW + timedelta(days=1)).replace(hour=6, minute=30)


class Scene:
    """A ledger, a clock that is set by hand, and a notifier who tells a command."""

    def __init__(self, home: Path, window: str = "") -> None:
        self.folder = home
        target = command_that_writes_down(home)
        settings = Settings(home=home, notify=str(target), window=window, time_zone="UTC")
        self.mine = Resources(settings)
        self.now = NOW
        self.notifier = Notifier(self.mine, self.look)

    def look(self) -> Snapshot:
        """Both queues are served, and two worker processes are alive."""
        with writing(self.mine.database) as session:
            report(session, "anna", "harbour", 2, self.now)
            for queue in ("upkeep", "nightreel"):
                show_life(session, queue, self.now)
        return self.look_at_it_as_it_is()

    def look_at_it_as_it_is(self) -> Snapshot:
        """Whoever is not served is not served."""
        with reading(self.mine.database) as session:
            seen = vitals(session, self.now)
        return Snapshot(self.now, seen, judge(seen, expected(self.mine.windows), self.now))

    def told(self, now: datetime) -> list[dict[str, Any]]:
        """Look round at that moment; what has been told by then."""
        self.now = now
        with writing(self.mine.database) as session:
            note_look(session, now)
        self.notifier.look_round()
        return diary_of(self.folder)

    def add(self, number: int = 1) -> None:
        """Recordings of one segment each."""
        with writing(self.mine.database) as session:
            for letter in "abcdef"[:number]:
                add(session, found(letter * 64), segments=segments(1), now=self.now, **PLAN)

    def watch(self, segment_id: int, now: datetime, *, fail: bool = False) -> None:
        """In ten seconds, to the end."""
        with writing(self.mine.database) as session:
            taken = ledger.claim(session, segment_id, "anna", 60, now - 10 * SECOND)
            assert taken
            if fail:
                ledger.record_failure(session, segment_id, "anna", "ffmpeg died.", True)
            else:
                ledger.finish(session, segment_id, "anna", SEEN, [presence()], now)
            ledger.conclude(session, taken.analysis_id, now)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[Scene], Scene]:
    """Let the notifier read the scene's clock."""

    def set_clock(scene: Scene) -> Scene:
        monkeypatch.setattr(notifier, "utc_now", lambda: scene.now)
        return scene

    return set_clock


@pytest.fixture
def home(tmp_path: Path, sqlite_model: Path) -> Path:
    """With a database in it."""
    shutil.copy(sqlite_model, tmp_path / "nightreel.db")
    return tmp_path


@pytest.fixture
def scene(home: Path, at: Callable[[Scene], Scene]) -> Scene:
    """Work at any time of the day; the monitor has looked once."""
    return looking(at(Scene(home)))


@pytest.fixture
def nightly(home: Path, at: Callable[[Scene], Scene]) -> Scene:
    """Work from 20:00 to 06:30; the monitor has looked once."""
    return looking(at(Scene(home, "20:00-06:30")))


def looking(scene: Scene) -> Scene:
    """It began a minute ago, and had nothing to tell."""
    assert scene.told(NOW - MINUTE) == []
    return scene


def quarantines(told: list[dict[str, Any]]) -> list[int]:
    """How many segments were said to be in quarantine, each time."""
    return [one["segments"] for one in told if one.get("about") == "quarantined"]


def test_the_end_of_all_work_is_told_once_with_what_came_of_it(scene: Scene) -> None:
    scene.add(3)
    scene.watch(1, NOW + MINUTE)
    scene.watch(2, NOW + 2 * MINUTE)
    assert scene.told(NOW + 3 * MINUTE) == []

    scene.watch(3, NOW + 4 * MINUTE)

    for minutes in (5, 6):
        (told,) = scene.told(NOW + minutes * MINUTE)
    counts = {"done": 3, "gaps": 0, "failed": 0, "remaining": 0, "paused": 0}
    assert {name: told[name] for name in counts} == counts
    assert (told["kind"], told["watched_ms"], told["remaining_ms"]) == ("night_ended", 30_000, 0)
    assert (told["quarantined_segments"], told["expected_finish"]) == (0, None)


def test_work_that_comes_later_is_told_by_itself(scene: Scene) -> None:
    scene.add(1)
    scene.watch(1, NOW)
    scene.told(NOW + MINUTE)
    scene.add(2)
    scene.watch(2, NOW + 5 * MINUTE)
    told = scene.told(NOW + 6 * MINUTE)
    assert [one["done"] for one in told] == [1, 1]


def test_an_empty_night_is_not_told(scene: Scene) -> None:
    assert scene.told(NOW) == []


def test_the_windows_end_is_told_with_what_remains(nightly: Scene) -> None:
    nightly.add(3)
    nightly.watch(1, MORNING - MINUTE)
    assert nightly.told(MORNING - SECOND) == []

    (told,) = nightly.told(MORNING + SECOND)

    assert (told["done"], told["remaining"], told["remaining_ms"]) == (1, 2, 20_000)
    finish = datetime.fromisoformat(told["expected_finish"])
    assert finish > MORNING.replace(hour=20, minute=0)
    assert nightly.told(MORNING + 60 * MINUTE) == [told]


def test_segments_begun_inside_the_window_are_waited_for(nightly: Scene) -> None:
    nightly.add(1)
    with writing(nightly.mine.database) as session:
        ledger.claim(session, 1, "anna", 60, MORNING - SECOND)
    for minutes in (-1, 1, 10):
        assert nightly.told(MORNING + minutes * MINUTE) == []
    assert len(nightly.told(MORNING + 16 * MINUTE)) == 1


def test_a_night_that_ended_early_is_told_then_and_not_again(nightly: Scene) -> None:
    nightly.add(1)
    nightly.watch(1, NOW)
    assert len(nightly.told(NOW + MINUTE)) == 1
    assert len(nightly.told(MORNING + MINUTE)) == 1


def test_footage_added_by_day_for_the_coming_night_is_not_told(nightly: Scene) -> None:
    nightly.now = MORNING.replace(hour=12)
    nightly.add(1)
    assert not AT_NIGHT.is_open(nightly.now)
    assert nightly.told(MORNING.replace(hour=13)) == []


def test_what_was_watched_before_anybody_looked_is_no_news(
    home: Path, at: Callable[[Scene], Scene]
) -> None:
    """As by `process`, an hour before the first `up`."""
    scene = at(Scene(home))
    scene.add(2)
    scene.watch(1, NOW - 60 * MINUTE)
    scene.watch(2, NOW - 60 * MINUTE)
    assert scene.told(NOW) == []


def test_what_was_watched_while_nobody_looked_is_no_news_after_other_nights(scene: Scene) -> None:
    scene.add(1)
    scene.watch(1, NOW)
    before = scene.told(NOW + MINUTE)
    scene.add(2)
    scene.watch(2, NOW + 60 * MINUTE)
    scene.notifier = Notifier(scene.mine, scene.look)
    assert scene.told(NOW + 90 * MINUTE) == before


def test_a_restart_of_the_monitor_loses_no_end(scene: Scene) -> None:
    scene.add(1)
    scene.watch(1, NOW)
    scene.told(NOW + MINUTE)
    scene.add(2)
    scene.watch(2, NOW + 2 * MINUTE)
    scene.notifier = Notifier(scene.mine, scene.look)
    assert len(scene.told(NOW + 3 * MINUTE)) == 2


@pytest.mark.parametrize("hours", [1, 5])
def test_work_by_day_ends_no_night(home: Path, at: Callable[[Scene], Scene], hours: int) -> None:
    """The window closed before the monitor began, and nothing was done inside it."""
    scene, noon = at(Scene(home, "20:00-06:30")), MORNING.replace(hour=12)
    scene.now = noon
    scene.add(2)
    scene.watch(1, MORNING + 60 * MINUTE)
    assert scene.told(noon) == []
    assert scene.told(noon + hours * 60 * MINUTE) == []


def test_a_night_with_work_is_told_late_with_the_time_of_its_end(nightly: Scene) -> None:
    nightly.add(2)
    nightly.watch(1, NOW + MINUTE)
    (told,) = nightly.told(MORNING + 240 * MINUTE)
    assert told["ended_at"] == MORNING.isoformat()
    assert told["at"] == (MORNING + 240 * MINUTE).isoformat()
    assert (told["watched_ms"], told["remaining"]) == (10_000, 1)


def test_refused_uploads_are_counted(scene: Scene) -> None:
    scene.add(1)
    with writing(scene.mine.database) as session:
        add_accounts(session, 7)
        about = {"account_id": 7, "actor": "account:7", "case_id": None, "now": NOW}
        one = uploads.begin(session, name="gate.mp4", size_bytes=5, **about)  # type: ignore[arg-type]
        uploads.refused(session, one.id, NOW, "It is no video.")
    scene.watch(1, NOW)
    (told,) = scene.told(NOW + MINUTE)
    assert told["refused"] == 1


def test_new_quarantines_are_told_and_old_ones_are_not_told_again(scene: Scene) -> None:
    scene.add(3)
    scene.watch(1, NOW + MINUTE, fail=True)
    (told,) = scene.told(NOW + MINUTE)
    assert (told["kind"], told["about"], told["segments"]) == ("needs_help", "quarantined", 1)
    assert told["sentence"] == "Segments in quarantine: 1; see `nightreel jobs quarantined`."
    assert quarantines(scene.told(NOW + 30 * MINUTE)) == [1]

    scene.watch(2, NOW + 31 * MINUTE, fail=True)

    assert quarantines(scene.told(NOW + 32 * MINUTE)) == [1, 2]


def test_many_quarantines_at_once_are_told_together(scene: Scene) -> None:
    scene.add(4)
    for number in (1, 2, 3):
        scene.watch(number, NOW + number * MINUTE, fail=True)
        scene.told(NOW + number * MINUTE)
    assert quarantines(scene.told(NOW + 15 * MINUTE)) == [1, 3]


def test_a_queue_that_nobody_serves_is_told_after_a_while_and_once(scene: Scene) -> None:
    scene.look()
    scene.notifier = Notifier(scene.mine, scene.look_at_it_as_it_is)
    counts = [len(scene.told(NOW + minutes * MINUTE)) for minutes in (4, 6, 7, 9, 30)]
    assert counts == [0, 0, 0, 2, 2]
    assert diary_of(scene.folder)[0]["about"] == "stale"


def test_a_queue_is_told_again_when_it_falls_silent_again(scene: Scene) -> None:
    scene.notifier = Notifier(scene.mine, scene.look_at_it_as_it_is)
    for start in (NOW, NOW + timedelta(hours=1)):
        scene.now = start
        scene.look()
        for minutes in (6, 9):
            scene.told(start + minutes * MINUTE)
    assert [one["about"] for one in diary_of(scene.folder)] == ["stale"] * 4


def test_who_searches_far_more_than_usual_is_told_once_a_week(scene: Scene) -> None:
    with writing(scene.mine.database) as session:
        for _ in range(20):
            record(session, actor="account:7", action=Action.SEARCHED, objects={}, now=NOW)
    assert scene.told(NOW)[-1]["actor"] == "account:7"
    told = len(scene.told(NOW + MINUTE))
    assert len(scene.told(NOW + 2 * MINUTE)) == told


def test_a_disk_that_is_nearly_full_is_told_once_a_day(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerts, "LEAST_FREE_BYTES", 1 << 60)
    days = [0, 0.02, 1]
    told = [scene.told(NOW + timedelta(days=day))[-1:] for day in days]
    assert [one["about"] for (one,) in told] == ["disk"] * 3
    assert len(diary_of(scene.folder)) == 2


def test_a_database_that_is_away_is_told_though_nothing_can_be_written(scene: Scene) -> None:
    def look() -> Snapshot:
        raise StoreUnavailable("gate.mp4 is on the disk that is away.")

    scene.notifier = Notifier(scene.mine, look)
    counts = [len(scene.told(NOW + minutes * MINUTE)) for minutes in (0, 1, 2, 3)]
    assert counts == [0, 0, 1, 1]
    (told,) = diary_of(scene.folder)
    assert (told["about"], told["sentence"]) == (
        "database",
        "The database does not answer; see the monitor's log.",
    )


def test_what_could_not_be_told_is_told_later(scene: Scene) -> None:
    command = command_that(scene.folder, "exit 1")
    scene.add(1)
    scene.watch(1, NOW)
    assert scene.told(NOW) == []
    command_that_writes_down(scene.folder)
    assert scene.told(NOW + 20 * SECOND) == []
    assert len(scene.told(NOW + 40 * SECOND)) == 1
    assert command.exists()


def test_a_notifier_that_was_away_sends_what_was_stored_and_nothing_twice(
    scene: Scene,
) -> None:
    command_that(scene.folder, "exit 1")
    scene.add(1)
    scene.watch(1, NOW)
    scene.told(NOW)
    command_that_writes_down(scene.folder)
    scene.notifier = Notifier(scene.mine, scene.look)
    assert len(scene.told(NOW + MINUTE)) == 1
    scene.notifier = Notifier(scene.mine, scene.look)
    assert len(scene.told(NOW + 2 * MINUTE)) == 1


def test_no_notice_holds_a_name(scene: Scene) -> None:
    scene.add(3)
    scene.watch(1, NOW, fail=True)
    scene.watch(2, NOW)
    scene.watch(3, NOW)
    told = scene.told(NOW + MINUTE)
    assert {one["kind"] for one in told} == {"night_ended", "needs_help"}
    assert "gate" not in str(told)
    with reading(scene.mine.database) as session:
        assert due(session, NOW + timedelta(days=1)) == []
        assert latest(session, "night") is not None
