"""An audited action: done and recorded in one transaction, or refused and recorded."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from errors import Locked, NotAuthorised
from storage.access.audit import Action, record
from storage.access.chain import JsonValue
from storage.database.database import Engine, Session, writing

ANONYMOUS = "anonymous"
"""The actor of actions before login."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The actor, the time and the database of a request; made at an entrance."""

    database: Engine
    actor: str
    """As written to the audit log: `account:ID`, `uid:N`, `worker` ..."""
    now: datetime

    def act(self, action: Action) -> "Act":
        """This caller's act of the given kind; nothing is recorded yet."""
        return Act(self, action)

    def acting_as(self, actor: str) -> "Caller":
        """A copy with another actor, and the same time and database."""
        return replace(self, actor=actor)


@dataclass(frozen=True, slots=True)
class Act:
    """One action of one caller."""

    caller: Caller
    action: Action

    @contextmanager
    def on(self, case_id: int) -> Iterator[Session]:
        """A session that commits at the end.

        A NotAuthorised raised inside is recorded as a refusal and raised again.
        """
        with self.refusals(case_id), writing(self.caller.database) as session:
            yield session

    @contextmanager
    def refusals(self, case_id: int | None) -> Iterator[None]:
        """Record a NotAuthorised raised inside as a refusal, and raise it again.

        `case_id` is None if there is no case, or if the case is unknown.
        """
        try:
            yield
        except NotAuthorised as refusal:
            self._record_refusal(case_id, refusal)
            raise

    def record(self, session: Session, case_id: int | None, **objects: JsonValue) -> int:
        """Append the act to the audit log and return the entry's position.

        This must be the last statement of the transaction.
        """
        return record(
            session,
            actor=self.caller.actor,
            action=self.action,
            case_id=case_id,
            objects=objects,
            now=self.caller.now,
        )

    def note(self, case_id: int | None, **objects: JsonValue) -> None:
        """Append the act to the audit log in a transaction of its own; for reads."""
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
