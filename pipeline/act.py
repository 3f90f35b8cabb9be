"""An act that somebody answers for: done and recorded at once, or refused and recorded."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from errors import Locked, NotAuthorised
from storage.access.audit import Action, record
from storage.access.chain import JsonValue
from storage.database.database import Engine, Session, writing

ANONYMOUS = "anonymous"
"""The actor of what is done before anybody has logged in."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks for something, when, and of which database; made at an entrance."""

    database: Engine
    actor: str
    """As the audit log writes it: `account:ID`, `uid:N`, `worker` ..."""
    now: datetime

    def act(self, action: Action) -> "Act":
        """What is about to be done."""
        return Act(self, action)

    def acting_as(self, actor: str) -> "Caller":
        """The same moment and database for another actor."""
        return replace(self, actor=actor)


@dataclass(frozen=True, slots=True)
class Act:
    """What a caller does."""

    caller: Caller
    action: Action

    @contextmanager
    def on(self, case_id: int) -> Iterator[Session]:
        """A session that commits at the end; when the case refuses, that is what is recorded."""
        with self.refusals(case_id), writing(self.caller.database) as session:
            yield session

    @contextmanager
    def refusals(self, case_id: int | None) -> Iterator[None]:
        """Record that a case refuses what is done inside, and go on refusing it.

        None is no case, or one that nobody knows.
        """
        try:
            yield
        except NotAuthorised as refusal:
            self._record_refusal(case_id, refusal)
            raise

    def record(self, session: Session, case_id: int | None, **objects: JsonValue) -> int:
        """Append the act to the audit log: the last thing in its transaction; returns its entry."""
        return record(
            session,
            actor=self.caller.actor,
            action=self.action,
            case_id=case_id,
            objects=objects,
            now=self.caller.now,
        )

    def note(self, case_id: int | None, **objects: JsonValue) -> None:
        """Append the act to the audit log in a transaction of its own: what was only looked at."""
        with writing(self.caller.database) as session:
            self.record(session, case_id, **objects)

    def _record_refusal(self, case_id: int | None, refusal: NotAuthorised) -> None:
        reason = "locked" if isinstance(refusal, Locked) else "not-authorised"
        with writing(self.caller.database) as session:
            record(
                session,
                actor=self.caller.actor,
                action=Action.REFUSED,
                case_id=case_id,
                objects={"attempt": self.action.value, "reason": reason},
                now=self.caller.now,
            )
