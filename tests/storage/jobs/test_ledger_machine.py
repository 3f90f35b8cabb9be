"""Workers, crashes, a reaper and people in any order: nothing is lost, nothing is there twice."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from rows import NOW, PLAN, found, presence, segments
from sqlalchemy import Engine
from sqlmodel import select

from errors import LeaseLost
from footage.coverage import Coverage
from storage import tables
from storage.database.database import reading, writing
from storage.jobs import control, ledger, reaper
from storage.jobs.recordings import add
from storage.tables import State
from storage.vectors.appearances import sightings

SEGMENTS = 2
LEASE = 60
ENDED = (State.DONE, State.QUARANTINED)


# Moments that matter: at once, while a lease runs, and when it has run out.
LATER = st.sampled_from([0, LEASE - 1, LEASE])


@dataclass(eq=False)
class Expected:
    """What a segment should be like; the sightings of a run carry its number as their colour."""

    state: State = State.WAITING
    attempts: int = 0
    run: int | None = None
    until: datetime = NOW
    sightings: int = 0

    def lapsed(self, now: datetime) -> bool:
        return self.state is State.RUNNING and self.until <= now

    def held_by(self, run: int) -> bool:
        return self.state is State.RUNNING and self.run == run

    def let_go(self, *, hopeless: bool) -> None:
        self.state = State.QUARANTINED if hopeless else State.WAITING

    def cancel(self) -> None:
        self.state, self.run, self.sightings = State.CANCELLED, None, 0


class Workers(RuleBasedStateMachine):
    """The ledger beside a model of it that fits on a page."""

    runs = Bundle("runs")

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.engine, self.now, self.number = engine, NOW, 0
        self.add_recording()

    def add_recording(self) -> None:
        with writing(self.engine) as session:
            added = add(session, found(), segments=segments(SEGMENTS), now=NOW, **PLAN)
            self.recording_id, self.analysis_id = added.recording_id, added.analysis_id
            self.ids = sorted(session.exec(select(tables.Segment.id)))
        self.model = [Expected() for _ in range(SEGMENTS)]
        self.cancelled = False

    @rule(target=runs, index=st.integers(0, SEGMENTS - 1), later=LATER)
    def claim(self, index: int, later: int) -> object:
        self.now += timedelta(seconds=later)
        expected, self.number = self.model[index], self.number + 1
        with writing(self.engine) as session:
            owner = str(self.number)
            claimed = ledger.claim(session, self.ids[index], owner, LEASE, self.now)
        free = expected.lapsed(self.now) and expected.attempts < 3
        if not (free or expected.state is State.WAITING):
            assert claimed is None
            return multiple()
        expected.state, expected.run = State.RUNNING, self.number
        expected.until = self.now + timedelta(seconds=LEASE)
        expected.attempts += 1
        assert claimed is not None
        assert claimed.attempt == expected.attempts
        return index, self.number

    @rule(run=runs)
    def heartbeat(self, run: tuple[int, int]) -> None:
        index, number = run
        expected = self.model[index]
        with writing(self.engine) as session:
            held = ledger.heartbeat(session, self.ids[index], str(number), LEASE, self.now)
        assert held == expected.held_by(number)
        if held:
            expected.until = self.now + timedelta(seconds=LEASE)

    @rule(run=runs, people=st.integers(0, 2))
    def finish(self, run: tuple[int, int], people: int) -> None:
        index, number = run
        expected = self.model[index]
        done_before = expected.state is State.DONE and expected.run == number
        seen = [presence(1000 * ordinal, colour=number) for ordinal in range(people)]
        coverage = Coverage(decoded_frames=1, sampled_frames=1, decoded_ms=1, gaps=())
        try:
            with writing(self.engine) as session:
                last = ledger.finish(
                    session, self.ids[index], str(number), coverage, seen, self.now
                )
        except LeaseLost:
            assert not (expected.held_by(number) or done_before)
        else:
            assert expected.held_by(number) or done_before
            expected.state, expected.sightings = State.DONE, people
            assert last == self.all_ended()

    @rule(run=consumes(runs))
    def stop(self, run: tuple[int, int]) -> None:
        index, number = run
        expected = self.model[index]
        with writing(self.engine) as session:
            released = ledger.release(session, self.ids[index], str(number))
        assert released == expected.held_by(number)
        if released:
            expected.let_go(hopeless=False)
            expected.attempts -= 1

    @rule(run=consumes(runs), permanent=st.booleans())
    def fail(self, run: tuple[int, int], permanent: bool) -> None:
        index, number = run
        expected = self.model[index]
        try:
            with writing(self.engine) as session:
                last = ledger.record_failure(
                    session, self.ids[index], str(number), "It failed.", permanent
                )
        except LeaseLost:
            assert not expected.held_by(number)
        else:
            assert expected.held_by(number)
            expected.let_go(hopeless=permanent or expected.attempts == 3)
            assert last == self.all_ended()

    @rule(later=LATER)
    def reap(self, later: int) -> None:
        self.now += timedelta(seconds=later)
        lapsed = [expected for expected in self.model if expected.lapsed(self.now)]
        for expected in lapsed:
            expected.let_go(hopeless=expected.attempts == 3)
        again = [
            id
            for id, expected in zip(self.ids, self.model, strict=True)
            if expected in lapsed and expected.state is State.WAITING
        ]
        with writing(self.engine) as session:
            assert reaper.expired(session, self.now) == again

    @rule(run=consumes(runs))
    def die_in_sight(self, run: tuple[int, int]) -> None:
        index, number = run
        expected = self.model[index]
        held = expected.held_by(number)
        with writing(self.engine) as session:
            again = reaper.abandoned(session, [str(number)])
        if held:
            expected.let_go(hopeless=expected.attempts == 3)
        assert again == [self.ids[index]] * (held and expected.state is State.WAITING)

    @rule()
    def cancel(self) -> None:
        with writing(self.engine) as session:
            changed = control.cancel(session, [self.analysis_id], self.now)
        # What has ended here waits to be matched, and can still be cancelled.
        assert changed == [self.analysis_id] * (not self.cancelled)
        self.cancelled = True
        for expected in self.model:
            expected.cancel()

    @rule()
    def retry(self) -> None:
        again = [
            expected
            for expected in self.model
            if expected.state in (State.QUARANTINED, State.CANCELLED)
        ]
        with writing(self.engine) as session:
            changed = control.retry(session, [self.analysis_id])
        assert len(changed) == len(again)
        for expected in again:
            expected.state, expected.attempts = State.WAITING, 0
        self.cancelled = self.cancelled and not again

    @rule()
    def purge(self) -> None:
        with writing(self.engine) as session:
            assert control.forget(session, [self.recording_id]) == [self.recording_id]
        with reading(self.engine) as session:
            assert session.exec(select(tables.Sighting.id)).all() == []
        self.add_recording()

    @invariant()
    def the_ledger_is_as_expected(self) -> None:
        with reading(self.engine) as session:
            rows = session.exec(select(tables.Segment).order_by("id")).all()
            stored = sightings(session, self.analysis_id)
            analysis = session.get_one(tables.Analysis, self.analysis_id)
        for row, expected in zip(rows, self.model, strict=True):
            assert (row.state, row.attempts) == (expected.state, expected.attempts)
            runs = [seen.vector[0] for index, seen in stored if index == row.index]
            assert runs == [expected.run] * expected.sightings
        assert (analysis.state is State.CANCELLED) == self.cancelled
        assert (analysis.state is State.MATCHING) == (self.all_ended() and not self.cancelled)

    def teardown(self) -> None:
        """Once the crashes stop, a healthy worker and the reaper bring everything to its end."""
        self.reap(LEASE)
        self.retry()
        for index in range(SEGMENTS):
            if (run := self.claim(index, 0)) != multiple():
                self.finish(run, 1)
        self.the_ledger_is_as_expected()
        assert self.all_ended()
        with writing(self.engine) as session:
            session.delete(session.get_one(tables.Recording, self.recording_id))

    def all_ended(self) -> bool:
        return all(expected.state in ENDED for expected in self.model)


def test_workers_in_any_order_lose_nothing_and_commit_nothing_twice(database: Engine) -> None:
    run_state_machine_as_test(
        lambda: Workers(database),
        settings=settings(
            max_examples=40 if database.dialect.name == "sqlite" else 10,
            stateful_step_count=20,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
