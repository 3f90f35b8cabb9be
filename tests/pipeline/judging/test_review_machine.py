"""Reviewers, matching again, other photos and purging in any order: nothing is ever supported by
one person, nor by verdicts on another photo."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from judged import ADA, ANN, BEN, CASE, CY, KEYS, PASSPORT, Reviewer, fill, match, order, says
from rows import add_reference, reference
from sqlalchemy import Engine, text

from errors import NightreelError, Purged, Settled
from pipeline.judging.review import undo
from storage.database.database import reading, writing
from storage.jobs.control import forget
from storage.results.verdicts import Decision, Key, Standing, standings, verdicts_of
from storage.tables import Table

WHO = st.sampled_from([ANN, BEN, CY])
WHAT = st.sampled_from(Decision)
WHICH = st.integers(0, len(KEYS) - 1)
PHOTOS = PASSPORT, PASSPORT + 1


class Reviewers(RuleBasedStateMachine):
    """The verdicts beside a model of them: by candidate and photo, who said what, in order."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.engine = engine
        fill(engine)
        with writing(engine) as session:
            add_reference(session, ADA, reference("driving-licence.jpg"))
        self.photo = PASSPORT
        self.model: dict[tuple[Key, int], list[tuple[int, Decision]]] = {}
        self.purged = False
        self.keys = list(KEYS)
        self.there = set(KEYS)

    @rule(who=WHO, what=WHAT, which=WHICH)
    def decide(self, who: Reviewer, what: Decision, which: int) -> None:
        key = self.keys[which]
        given = self.given(key)
        gone = key not in self.there
        closed = len(given) == 2 or who.account_id in [account for account, _ in given]
        try:
            place = says(self.engine, who, what, key)
        except NightreelError as refused:
            assert isinstance(refused, Purged) if gone else isinstance(refused, Settled)
            assert gone or closed
        else:
            assert not (gone or closed)
            self.model[key, self.photo] = [*given, (who.account_id, what)]
            assert place == len(self.given(key))

    @rule(who=WHO, which=WHICH)
    def take_back(self, who: Reviewer, which: int) -> None:
        key = self.keys[which]
        given = self.given(key)
        try:
            what = undo(who.asking(self.engine), CASE, key, account_id=who.account_id)
        except Purged:
            assert key not in self.there
        except Settled:
            assert len(given) == 2 or who.account_id not in [account for account, _ in given]
        else:
            assert given == [(who.account_id, what)]
            del self.model[key, self.photo]

    def given(self, key: Key) -> list[tuple[int, Decision]]:
        """The verdicts beside the photo that is the closest now."""
        return self.model.get((key, self.photo), [])

    @rule(appearances=st.integers(2, 3), photo=st.sampled_from(PHOTOS))
    def match_again(self, appearances: int, photo: int) -> None:
        """One appearance fewer, as when footage is looked at again and shows less; or another
        photo is the closest."""
        if not self.purged:
            self.photo = photo
            found = [Key(1, id) for id in match(self.engine, appearances, photo)]
            self.keys[: len(found)] = found
            self.there = set(found)

    @rule()
    def purge_the_footage(self) -> None:
        with writing(self.engine) as session:
            forget(session, [1])
        self.purged, self.there = True, set()

    @rule(who=WHO)
    def look_for_the_next(self, who: Reviewer) -> None:
        assert sorted(order(self.engine, who)) == [
            key
            for key in sorted(self.there)
            if len(given := self.given(key)) < 2
            and who.account_id not in [account for account, _ in given]
        ]

    @invariant()
    def supported_means_that_two_people_said_same(self) -> None:
        with reading(self.engine) as session:
            stored = verdicts_of(session, 1)
            found = standings(session, 1)
        kept: dict[tuple[Key, int], list[tuple[int, Decision]]] = {}
        for key, verdicts in stored.items():
            for one in verdicts:
                place = key, one.seen.reference_id
                kept.setdefault(place, []).append((one.account_id, one.decision))
        assert kept == self.model
        assert found.keys() == {key for key in self.there if self.given(key)}
        for key, status in found.items():
            given = self.given(key)
            agreed = len(given) == 2 and {what for _, what in given} == {Decision.SAME}
            assert (status is Standing.SUPPORTED) == agreed
            assert len({account for account, _ in given}) == len(given)

    def teardown(self) -> None:
        empty(self.engine)


def empty(engine: Engine) -> None:
    """Every row away, and the ids counted from one again."""
    with writing(engine) as session:
        connection = session.connection()
        if engine.dialect.name == "sqlite":
            for name in ("case", "recording", "plan", "account", "sqlite_sequence"):
                connection.execute(text(f'delete from "{name}"'))
        else:
            names = ", ".join(f'"{name}"' for name in Table.metadata.tables)
            connection.execute(text("set local session_replication_role = replica"))
            connection.execute(text(f"truncate {names} restart identity"))


def test_reviewers_in_any_order_never_support_anything_alone(database: Engine) -> None:
    run_state_machine_as_test(
        lambda: Reviewers(database),
        settings=settings(
            max_examples=12 if database.dialect.name == "sqlite" else 4,
            stateful_step_count=15,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
