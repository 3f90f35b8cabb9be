"""People, time and jobs that end late, in any order: nothing stale is ever said to be compared.

`make histories` runs many more histories than the suite does.
"""

import colorsys
import os
import random
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from callers import caller
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from painted import paint_photo
from quiet import overtaken, quiet
from reckoning import Reckoning
from rows import found, segments
from sealing import sealed
from sqlalchemy import Engine, text
from sqlmodel import col, select

from errors import NightreelError
from faces.engine import FaceEngine
from faces.engines.stub import StubEngine
from faces.face import Box
from pipeline.act import Caller
from pipeline.analysis.match import match_analysis, with_threshold_in_use
from pipeline.analysis.migrate import migrate
from pipeline.analysis.rematch import match_people
from pipeline.clock import utc_now
from pipeline.context import Context
from pipeline.governance import cases
from pipeline.governance.purge import purge_bystanders, purge_person, purge_recordings
from pipeline.intake import case_footage
from pipeline.people.enrol import enrol_person
from pipeline.people.portraits import Kept
from pipeline.people.thresholds import change_threshold
from pipeline.people.withdraw import withdraw_person, withdraw_reference
from pipeline.plan import Plan
from pipeline.planning import control
from pipeline.planning.control import Selection
from storage.cases import case_terms
from storage.cases.case_terms import Authorisation, Change
from storage.cases.cases import EVER
from storage.cases.legal_bases import Policy
from storage.cases.people import AS_IT_IS, Standing
from storage.database.database import Session, connect, reading, writing
from storage.database.moments import milliseconds
from storage.jobs import ledger, reembedding
from storage.jobs.ledger import Coverage
from storage.jobs.recordings import Request, add
from storage.jobs.states import OPEN, advance, quarantine
from storage.results.comparison_keys import person_keys, recording_keys
from storage.results.comparisons import stale, stale_analyses
from storage.results.rematches import pending
from storage.tables import (
    Analysis,
    AnalysisComparison,
    Appearance,
    Case,
    Person,
    PersonComparison,
    Recording,
    Reference,
    Segment,
    State,
    Table,
)
from storage.vectors.appearances import Presence

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
INSIDE, OUTSIDE = (datetime(2026, month, 1, 12, tzinfo=UTC) for month in (5, 7))
WINDOW = {"footage_from": INSIDE - DAY, "footage_until": INSIDE + DAY}
ANY_TIME = {"footage_from": EVER[0], "footage_until": EVER[1]}
STUB, OTHER = StubEngine(), StubEngine(40, circles=3)
ENGINES: dict[str, StubEngine] = {engine.card.name: engine for engine in (STUB, OTHER)}
CARDS = {name: engine.card for name, engine in ENGINES.items()}
PLANS = (Plan("stub"), Plan("stub", max_segment_seconds=30), Plan(OTHER.card.name))
HUES = (0, 10, 30, 60, 180)
"""In degrees; the first two are alike, the third is close to the second."""
FOLDERS = ("station", "harbour")
POLICY = Policy()
NUMBERS = st.integers(0, 2**32)
T = TypeVar("T")


class Nothing(Exception):
    """There is nothing of that kind to choose from."""


class Choices:
    """Choices that one number determines: a history of numbers prints and shrinks well."""

    def __init__(self, number: int) -> None:
        self._random = random.Random(number)

    def of(self, items: Sequence[T]) -> T:
        if not items:
            raise Nothing
        return self._random.choice(items)

    def some(self, items: Sequence[T]) -> list[T]:
        return [item for item in items if self.of((False, True))]


def colour(hue: int) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(hue / 360, 0.87, 0.88)
    return round(255 * red), round(255 * green), round(255 * blue)


def vector(engine: FaceEngine, hue: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    return engine.embed(np.full((1, 64, 64, 3), colour(hue), np.uint8))[0]


VECTORS = {(name, hue): vector(one, hue) for name, one in ENGINES.items() for hue in HUES}


def presence(engine: str, hue: int) -> Presence:
    """A face of a colour; where it is tells the colour."""
    start_ms, box = 1000 * HUES.index(hue), Box(10.0 + hue, 20.0, 80.0, 96.0)
    seen = VECTORS[engine, hue]
    crops = (f"{hue:064x}.jpg",)
    return Presence(start_ms, start_ms + 400, start_ms + 200, box, 0.9, 0.7, 4, seen, crops)


Act = Callable[[Context, Choices], object]


def ids(context: Context, table: Any, *which: Any) -> list[int]:
    with reading(context.database) as session:
        return list(session.exec(select(table.id).where(*which).order_by(col(table.id))))


def by(context: Context) -> Caller:
    return caller(context.database, now=context.clock())


def open_case(context: Context, choose: Choices, most: int = 4) -> None:
    """A case of one of several kinds; at most four."""
    number = len(ids(context, Case))
    if number >= most:
        raise Nothing
    needs, sources = (
        choose.of((False, False, True)),
        choose.of((["*"], ["*"], ["station"], ["added"])),
    )
    window, days = choose.of((ANY_TIME, ANY_TIME, WINDOW)), choose.of((2, 30, 30))
    with writing(context.database) as session:
        case_terms.open_case(
            session, reference=str(number), legal_basis="suspect-search", purpose="a test",
            requested_by="an officer", sources=sources, needs_authorisation=needs, urgent=needs,
            expires_at=context.clock() + days * DAY, now=context.clock(), **window,
        )  # fmt: skip


def enrol(context: Context, choose: Choices) -> None:
    """A person, another photo, the same photo again, or under another name."""
    case, name = choose.of(ids(context, Case)), choose.of(("Ann", "Ben"))
    photo, engine = choose.of(PHOTOS), choose.of((STUB, STUB, OTHER))
    file = choose.of((photo.name, "renamed.png"))
    due = choose.of((None, None, None, None, DAY, 40 * DAY))
    standing = AS_IT_IS if due is None else Standing(review_at=context.clock() + due)
    kept = replace(photo, name=file)
    enrol_person(by(context), case, name, [kept], engine=engine, context=context, standing=standing)


def promote(context: Context, choose: Choices) -> None:
    """An appearance becomes a reference of a person."""
    with reading(context.database) as session:
        seen = choose.of(session.exec(select(Appearance).order_by(col(Appearance.id))).all())
        person = session.get_one(Person, choose.of(ids(context, Person)))
    photo = PHOTOS[HUES.index(round(seen.box_x) - 10)]
    kept = replace(photo, appearance_id=seen.id)
    enrol_person(by(context), person.case_id, person.name, [kept], engine=STUB, context=context)


def withdraw_a_photo(context: Context, choose: Choices) -> None:
    reference = choose.of(ids(context, Reference, col(Reference.withdrawn_at).is_(None)))
    with reading(context.database) as session:
        person = session.get_one(Person, session.get_one(Reference, reference).person_id)
    withdraw_reference(by(context), person.case_id, reference)


def withdraw_a_person(context: Context, choose: Choices) -> None:
    id = choose.of(ids(context, Person))
    with reading(context.database) as session:
        case = session.get_one(Person, id).case_id
    withdraw_person(by(context), case, id)


def purge_a_person(context: Context, choose: Choices) -> None:
    purge_person(by(context), choose.of(ids(context, Person)), context, ())


def change_terms(context: Context, choose: Choices) -> None:
    """Extend or shorten a case, or change its sources or its recording period."""
    case, now = choose.of(ids(context, Case)), context.clock()
    change = choose.of(
        (
            *(Change(expires_at=now + days * DAY) for days in (1, 20, 60)),
            *(Change(sources=sources) for sources in (["*"], ["station"], ["added"])),
            Change(**WINDOW),
            Change(**ANY_TIME),
        )
    )
    cases.change_case(by(context), case, change, policy=POLICY)


def authorise(context: Context, choose: Choices) -> None:
    given = Authorisation("42/26", "Judge", context.clock())
    cases.authorise(by(context), choose.of(ids(context, Case)), given)


def close(context: Context, choose: Choices) -> None:
    cases.close_case(by(context), choose.of(ids(context, Case)))


def refuse(context: Context, choose: Choices) -> None:
    cases.refuse_authorisation(by(context), choose.of(ids(context, Case)))


def ingest(context: Context, choose: Choices) -> None:
    """Add footage, or add it again: under another plan, from another folder, with another date, or
    for a case."""
    number, plan = choose.of(range(3)), choose.of(PLANS)
    case = choose.of((None, *ids(context, Case)))
    request = Request(case_id=case, captured_at=choose.of((None, INSIDE, OUTSIDE)))
    file = found(str(number) * 64, f"/footage/{choose.of(FOLDERS)}/{number}.mp4")
    with writing(context.database) as session:
        add(
            session, file, plan_key=plan.key, plan_body=plan.body, segments=segments(2),
            now=context.clock(), request=request,
        )  # fmt: skip


def date(context: Context, choose: Choices) -> None:
    """Say when known footage was recorded, or find it in another folder."""
    with reading(context.database) as session:
        row = choose.of(session.exec(select(Recording).order_by(col(Recording.id))).all())
        analyses = select(Analysis).filter_by(recording_id=row.id, origin_id=None)
        known = {one.plan_key for one in session.exec(analyses)}
    plan = choose.of([plan for plan in PLANS if plan.key in known])
    file = found(row.sha256, f"/footage/{choose.of(FOLDERS)}/{row.name}")
    request = Request(captured_at=choose.of((None, INSIDE, OUTSIDE)))
    with writing(context.database) as session:
        add(
            session, file, plan_key=plan.key, plan_body=plan.body, segments=segments(2),
            now=context.clock(), request=request,
        )  # fmt: skip


def watch(context: Context, choose: Choices) -> None:
    """Process the open segments of an analysis of footage or crops; one may be given up."""
    analysis = choose.of(ids(context, Analysis, col(Analysis.state).in_(OPEN)))
    open_segments = ids(
        context, Segment, col(Segment.analysis_id) == analysis, col(Segment.state).in_(OPEN)
    )
    for segment in open_segments:
        with writing(context.database) as session:
            _process(session, session.get_one(Segment, segment), choose, context.clock())


def _process(session: Session, segment: Segment, choose: Choices, now: datetime) -> None:
    analysis = session.get_one(Analysis, segment.analysis_id)
    engine = session.execute(
        text("select engine from plan where key = :key"), {"key": analysis.plan_key}
    ).scalar_one()
    if choose.of((False, False, True)):
        quarantine(session, col(Segment.id) == segment.id, "It could not be decoded.")
        advance(session, analysis)
        return
    segment.state, segment.lease_owner, segment.lease_until = State.RUNNING, "w", now + HOUR
    session.flush()
    if analysis.origin_id is None:
        seen = [presence(engine, hue) for hue in choose.some(HUES)]
        ledger.finish(session, segment.id, "w", Coverage(10, 10, 10_000, ()), seen, now)
        return
    faces = reembedding.kept(session, analysis.origin_id, segment.index)
    rows = {one.appearance_id: session.get_one(Appearance, one.appearance_id) for one in faces}
    vectors = {
        id: VECTORS[engine, round(row.box_x) - 10][np.newaxis][0] for id, row in rows.items()
    }
    omitted = {id: "no face" for id in vectors if choose.of((False, False, False, True))}
    kept = {id: one for id, one in vectors.items() if id not in omitted}
    reembedding.finish(
        session, segment.id, "w", analysis.origin_id, kept, omitted, engine=engine,
        weights_sha256=ENGINES[engine].weights_sha256, crops=len(faces), now=now,
    )  # fmt: skip


def add_footage(context: Context, choose: Choices) -> None:
    case, recording = choose.of(ids(context, Case)), choose.of(ids(context, Recording))
    case_footage.add(by(context), case, recording)


def remove_footage(context: Context, choose: Choices) -> None:
    case, recording = choose.of(ids(context, Case)), choose.of(ids(context, Recording))
    case_footage.remove(by(context), case, recording)


def choose_threshold(context: Context, choose: Choices) -> None:
    engine, threshold = choose.of((STUB, OTHER)), choose.of((0.75, 0.2, 1.1))
    _choose_threshold(context, engine, threshold)


def embed_again(context: Context, choose: Choices) -> None:  # noqa: ARG001
    """Another engine embeds the photos, and the crops are queued."""
    migrate(by(context), OTHER, case_id=None, context=context, current="stub")


def purge_a_recording(context: Context, choose: Choices) -> None:
    purge_recordings(by(context), [choose.of(ids(context, Recording))], context, ())


def purge_all_bystanders(context: Context, choose: Choices) -> None:  # noqa: ARG001
    purge_bystanders(by(context), 0, context, ())


def cancel(context: Context, choose: Choices) -> None:
    control.cancel(by(context), Selection([choose.of(ids(context, Analysis))]))


def retry(context: Context, choose: Choices) -> None:
    control.retry(by(context), Selection([choose.of(ids(context, Analysis))]))


def forget(context: Context, choose: Choices) -> None:
    control.forget(by(context), Selection([choose.of(ids(context, Analysis))]))


def arrive(context: Context, choose: Choices) -> None:
    """Footage is added and processed."""
    ingest(context, choose)
    watch(context, choose)


def compare_people(context: Context, choose: Choices) -> None:
    match_people(choose.some(ids(context, Person)), context)


def compare_analysis(context: Context, choose: Choices) -> None:
    match_analysis(choose.of(ids(context, Analysis)), context)


def there_and_back(context: Context, choose: Choices) -> None:
    """What a comparison rests on changes and changes back, and is compared in between."""
    engine, recordings = choose.of((STUB, OTHER)), ids(context, Recording)
    with reading(context.database) as session:
        threshold = with_threshold_in_use(session, engine).card.threshold
    recording, is_date = choose.of(recordings), choose.of((False, True))
    with reading(context.database) as session:
        captured_ms = session.get_one(Recording, recording).captured_ms
    other = INSIDE if captured_ms == milliseconds(OUTSIDE) else OUTSIDE
    for at, limit in ((other, 1.1 if threshold == 0.2 else 0.2), (None, threshold)):
        if is_date:
            _date(context, recording, captured_ms if at is None else milliseconds(at))
        else:
            _choose_threshold(context, engine, limit)
        choose.of(JOBS)(context, choose)


def _date(context: Context, recording: int, captured_ms: int | None) -> None:
    with writing(context.database) as session:
        session.get_one(Recording, recording).captured_ms = captured_ms


def _choose_threshold(context: Context, engine: FaceEngine, threshold: float) -> None:
    with reading(context.database) as session:
        in_use = with_threshold_in_use(session, engine)
    keys = context.media.keys
    change_threshold(by(context), in_use, threshold, reason="tried", keys=keys)


JOBS: tuple[Act, ...] = (compare_people, compare_analysis)
BUILDING: tuple[Act, ...] = (
    arrive,
    watch,
    enrol,
    embed_again,
    open_case,
    authorise,
    promote,
    *JOBS,
)
CHANGING: tuple[Act, ...] = (
    ingest, enrol, promote, withdraw_a_photo, change_terms, authorise, date, add_footage,
    remove_footage, choose_threshold, there_and_back, retry,
)  # fmt: skip
ENDING: tuple[Act, ...] = (
    withdraw_a_person, withdraw_a_photo, purge_all_bystanders, cancel, forget, close, refuse,
    purge_a_recording, purge_a_person,
)  # fmt: skip
ACTS = (*BUILDING, *CHANGING, *CHANGING, *ENDING)
PHOTOS: list[Kept] = []
"""One photo for each of `HUES`, then another of the first."""


class Comparisons(RuleBasedStateMachine):
    """An archive, and what its candidates should be."""

    def __init__(self, context: Context) -> None:
        """On an empty database."""
        super().__init__()
        self.now = utc_now()
        self.context = replace(
            context, clock=lambda: self.now, engine_for=lambda plan: ENGINES[plan.engine]
        )
        self.altered: dict[int, Any] = {}

    @initialize(number=NUMBERS)
    def begin(self, number: int) -> None:
        """An archive and people of interest, compared or not."""
        beginning = (open_case, open_case, arrive, arrive, arrive, enrol, enrol, enrol, authorise)
        for place, act in enumerate((*beginning, *JOBS, *JOBS)):
            self._try(act, self.context, number + place)

    @rule(act=st.sampled_from(BUILDING), number=NUMBERS)
    def build(self, act: Act, number: int) -> None:
        self.do(act, number)

    @rule(act=st.sampled_from(CHANGING), number=NUMBERS)
    def change(self, act: Act, number: int) -> None:
        self.do(act, number)

    @rule(act=st.sampled_from(ACTS), number=NUMBERS)
    def do(self, act: Act, number: int) -> None:
        self.now += timedelta(seconds=1)
        self._try(act, self.context, number)

    @rule(
        job=st.sampled_from(JOBS),
        number=NUMBERS,
        act=st.sampled_from(ACTS),
        other_number=NUMBERS,
        writes=st.integers(0, 2),
    )
    def overtake(self, job: Act, number: int, act: Act, other_number: int, writes: int) -> None:
        """A job ends after another act that began later."""
        self.now += timedelta(seconds=1)

        def first(other: Context) -> None:
            self._try(act, other, other_number)

        with overtaken(self.context, first, after_writes=writes, may_write_less=True):
            self._try(job, self.context, number)

    @rule(hours=st.sampled_from([1, 1, 20, 20, 49, 240, -30]))
    def pass_time(self, hours: int) -> None:
        """Hours below zero: the clock is set back."""
        self.now += timedelta(hours=hours)

    @rule(number=NUMBERS)
    def alter_a_vector(self, number: int) -> None:
        """A reference's row is altered, but not by this program."""
        with suppress(Nothing):
            usable = ids(self.context, Reference, col(Reference.key_id).is_not(None))
            id = Choices(number).of(usable)
            if id not in self.altered:
                self.altered[id] = self._reckon().photos[id]
            with writing(self.context.database) as session:
                row = session.get_one(Reference, id)
                row.sealed_vector = bytes(len(row.sealed_vector or b""))

    @rule()
    def finish(self) -> None:
        """Match and compare until nothing is left: then everything is as reckoned."""
        for analysis in ids(self.context, Analysis, col(Analysis.state) == State.MATCHING):
            match_analysis(analysis, self.context)
        quiet(self.context)
        told = self._reckon()
        for person, engine in self._pairs(told):
            wanted, is_searched = told.wanted(person, engine), told.is_in_force(person)
            stored = {id for name, by, id in told.stored if (name, by) == (person.id, engine)}
            if is_searched:
                has = {id: told.has(person, engine, id) for id in stored}
                assert has == wanted
                assert told.ranks(person, engine) == told.in_order(wanted)
            for id in stored:
                row = told.stored[person.id, engine, id]
                assert told.covers(told.cases[person.case_id], told.appearances[id])
                assert told.references[row.reference_id].withdrawn_at is None
            told.ranks(person, engine)
        with reading(self.context.database) as session:
            assert not stale(session, self.now)
            assert not stale_analyses(session)
            in_force = [one.id for one in told.people.values() if told.is_in_force(one)]
            assert not [id for name in ENGINES for id in pending(session, in_force, name)]

    @invariant()
    def nothing_stale_is_said_to_be_compared(self) -> None:
        told = self._reckon()
        with reading(self.context.database) as session:
            people = {
                (row.person_id, row.engine): row for row in session.exec(select(PersonComparison))
            }
            analyses = {row.analysis_id: row for row in session.exec(select(AnalysisComparison))}
            keys = person_keys(session, list(told.people))
            of_recordings = recording_keys(session)
        for analysis, engine, seen in told.searchable():
            matched = analyses.get(analysis.id)
            if matched is None or matched.key != of_recordings[analysis.recording_id]:
                continue
            for person in told.people.values():
                row = people.get((person.id, engine))
                if row is None or row.key != keys.get((person.id, engine)):
                    continue
                if row.until_id is None or matched.id < row.until_id:
                    for one in seen:
                        wanted = told.near(person, engine, one)
                        assert told.has(person, engine, one.id) == wanted

    def teardown(self) -> None:
        try:
            self.finish()
        finally:
            self.context.database.dispose()

    def _try(self, act: Act, context: Context, number: int) -> None:
        with suppress(NightreelError, Nothing):
            act(context, Choices(number))

    def _pairs(self, told: Reckoning) -> list[tuple[Person, str]]:
        return [(person, engine) for person in told.people.values() for engine in ENGINES]

    def _reckon(self) -> Reckoning:
        with reading(self.context.database) as session:
            return Reckoning(session, self.now, CARDS, self.context.media.keys, self.altered)


@pytest.fixture
def photos(tmp_path: Path) -> None:
    PHOTOS.clear()
    for number, hue in enumerate((*HUES, HUES[0])):
        path = paint_photo(tmp_path / f"{number}.png", colour(hue), side=160 - 4 * number)
        PHOTOS.append(Kept(path.name, path.read_bytes()))


@pytest.fixture
def fresh(
    make_tools: Callable[..., Context], database_url: str, sqlite_model: Path, tmp_path: Path
) -> Callable[[], Context]:
    """Makes contexts on empty databases; one is used at a time."""
    numbers = count()

    def make() -> Context:
        if database_url.startswith("sqlite"):
            file = tmp_path / f"history-{next(numbers)}.db"
            shutil.copy(sqlite_model, file)
            database = connect(f"sqlite:///{file}")
        else:
            database = connect(database_url)
            empty(database)
        return make_tools(database=database, media=sealed(tmp_path / "media", database))

    return make


def empty(database: Engine) -> None:
    """Delete every row, and count ids from one again."""
    names = ", ".join(f'"{name}"' for name in Table.metadata.tables)
    with writing(database) as session:
        connection = session.connection()
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(text(f"truncate {names} restart identity"))


HISTORIES = int(os.environ.get("NIGHTREEL_TEST_HISTORIES", "0"))


@pytest.mark.timeout(0 if HISTORIES else 180)
@pytest.mark.usefixtures("photos")
def test_candidates_are_as_reckoned_whatever_people_and_time_do(
    fresh: Callable[[], Context], database_url: str
) -> None:
    is_sqlite = database_url.startswith("sqlite")
    run_state_machine_as_test(
        lambda: Comparisons(fresh()),
        settings=settings(
            max_examples=HISTORIES or (8 if is_sqlite else 2),
            derandomize=not HISTORIES,  # the same histories with each commit
            stateful_step_count=40 if HISTORIES else 25,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
