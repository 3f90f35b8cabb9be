"""A case whose candidates are reviewed, and its reviewers."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from rows import NOW, PLAN, TERMS, add_accounts, add_reference, found, presence, reference, segments
from sqlalchemy import Engine

from pipeline.act import Caller
from pipeline.judging.looking import Next, next_sight
from pipeline.judging.review import Rules, decide
from storage.cases.case_terms import open_case
from storage.cases.people import add_person
from storage.database.database import writing
from storage.jobs.recordings import add
from storage.results.ranking import Match, replace_candidates
from storage.results.verdicts import Decision, Key
from storage.tables import Person
from storage.vectors.appearances import replace_appearances

CASE = 1
ADA, PASSPORT = 1, 1
FIRST, SECOND, THIRD = 1, 2, 3  # appearances, all in one recording
KEYS = [Key(ADA, appearance) for appearance in (FIRST, SECOND, THIRD)]
LATER = NOW + timedelta(minutes=5)


@dataclass(frozen=True)
class Reviewer:
    """An account that reviews, or a program that acts for it."""

    account_id: int
    token_id: int | None = None

    @property
    def actor(self) -> str:
        """The actor as the audit log writes it."""
        return f"account:{self.account_id}" if self.token_id is None else f"token:{self.token_id}"

    def asking(self, database: Engine, now: datetime = LATER) -> Caller:
        """The caller of the steps."""
        return Caller(database, self.actor, now)


ANN, BEN, CY = Reviewer(11), Reviewer(12), Reviewer(13)
SUPERVISOR = Reviewer(9)
RULES = Rules()
SAME, DIFFERENT, INCONCLUSIVE = Decision.SAME, Decision.DIFFERENT, Decision.INCONCLUSIVE


def fill(database: Engine, appearances: int = 3, asked_by: str | None = None) -> None:
    """One person with one photo, and this many candidates."""
    with writing(database) as session:
        add_accounts(session, SUPERVISOR.account_id, *(one.account_id for one in (ANN, BEN, CY)))
        case = open_case(session, reference="A-1", now=NOW, **TERMS)
        person = add_person(session, case_id=case.id, name="Ada", now=NOW)
        session.get_one(Person, person).asked_by = asked_by
        add_reference(session, person, reference("passport.jpg"))
        add(session, found(), segments=segments(), now=NOW, **PLAN)
    match(database, appearances)


def match(database: Engine, appearances: int = 3, photo: int = PASSPORT) -> list[int]:
    """Join and rank, as the step does it, with `photo` as the closest; returns the appearances'
    ids."""
    with writing(database) as session:
        seen = [presence(4_000 * number) for number in range(appearances)]
        ids = replace_appearances(session, 1, seen)
        matches = [Match(ADA, id, photo, 0.1 + number / 100, 0.6) for number, id in enumerate(ids)]
        compared = sorted({PASSPORT, PASSPORT + 1, photo})  # a closer one would stay
        replace_candidates(session, reference_ids=compared, appearance_ids=ids, matches=matches)
    return ids


def says(
    database: Engine, who: Reviewer, what: Decision, key: Key = KEYS[0], rules: Rules = RULES
) -> int:
    """One reviewer's verdict."""
    return decide(who.asking(database), CASE, key, what, account_id=who.account_id, rules=rules)


def order(database: Engine, who: Reviewer, rules: Rules = RULES) -> list[Key]:
    """All candidates shown to a reviewer who skips each, until the first comes again."""
    keys: list[Key] = []
    after = None
    while (shown := next_for(database, who, rules, after=after).view) and shown.key not in keys:
        keys.append(after := shown.key)
    return keys


def next_for(
    database: Engine,
    who: Reviewer,
    rules: Rules = RULES,
    *,
    after: Key | None = None,
    now: datetime = LATER,
) -> Next:
    """The next candidate shown to a reviewer."""
    return next_sight(who.asking(database, now), CASE, who.account_id, rules, after=after)
