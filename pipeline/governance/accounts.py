"""Managing accounts, as acts that somebody answers for; one who can do it always remains."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from errors import Conflict, NotAllowed
from storage.access import accounts, tokens
from storage.access.accounts import MANAGER, Account, Role
from storage.access.audit import Action, record
from storage.access.chain import JsonValue
from storage.access.passwords import hash_password, one_time_password
from storage.database.database import Engine, Session, writing


@dataclass(frozen=True, slots=True)
class NewPassword:
    """What opens an account for one time; it is shown once and kept nowhere."""

    name: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Managing:
    """Somebody manages accounts, now."""

    database: Engine
    actor: str
    """As the audit log writes it."""
    now: datetime

    def make(self, name: str, roles: Collection[Role]) -> NewPassword:
        """Make an account. Raises WrongUsage, Conflict for a name that is taken."""
        password = one_time_password()
        kept = hash_password(password)
        with writing(self.database) as session:
            made = accounts.add_account(
                session, name=name, roles=roles, password_hash=kept, now=self.now
            )
            self._record(session, Action.ACCOUNT_CREATED, account_id=made.id, role=_code(roles))
        return NewPassword(name, password)

    def reset_password(self, name: str) -> NewPassword:
        """Another one-time password; whoever is logged in is logged out.

        Raises NotFound, Conflict for an account that signs in elsewhere.
        """
        password = one_time_password()
        kept = hash_password(password)
        with writing(self.database) as session:
            accounts.set_password(session, name, kept, one_time=True)
            account_id = accounts.find_account(session, name).id
            self._record(session, Action.PASSWORD_CHANGED, account_id=account_id)
        return NewPassword(name, password)

    def set_roles(self, name: str, roles: Collection[Role]) -> None:
        """These roles and no others, at once. Raises as `_changing`, and WrongUsage."""
        with self._changing(name, what="roles", role=_code(roles)) as session:
            accounts.set_roles(session, name, roles)

    def disable(self, name: str) -> None:
        """Let it log in no more. Raises as `_changing`."""
        with self._changing(name, what="disabled") as session:
            accounts.disable(session, name, self.now)

    def enable(self, name: str) -> None:
        """Let it log in again. Raises as `_changing`."""
        with self._changing(name, what="enabled") as session:
            accounts.enable(session, name)

    def revoke_token(self, token_id: int) -> None:
        """Make a token worthless at once. Raises NotFound."""
        with writing(self.database) as session:
            tokens.revoke(session, token_id, self.now)
            self._record(session, Action.TOKEN_REVOKED, token_id=token_id)

    @contextmanager
    def _changing(self, name: str, **what: JsonValue) -> Iterator[Session]:
        """Raises NotFound, NotAllowed for one's own account, Conflict where nobody would be left
        who can manage accounts."""
        with writing(self.database) as session:
            managed = accounts.managers(session)
            account = accounts.find_account(session, name)
            self._refuse_own(session, account)
            yield session
            session.flush()
            if managed and not accounts.managers(session):
                raise Conflict(
                    f"{name} is the last account that can manage accounts; "
                    f"give another account the role {MANAGER} first."
                )
            self._record(session, Action.ACCOUNT_CHANGED, account_id=account.id, **what)

    def _refuse_own(self, session: Session, account: Account) -> None:
        if self.actor in tokens.actors_of(session, account.id):
            raise NotAllowed("You cannot change or disable your own account; ask another operator.")

    def _record(self, session: Session, action: Action, **objects: JsonValue) -> None:
        record(session, actor=self.actor, action=action, objects=objects, now=self.now)


def _code(roles: Collection[Role]) -> str:
    """As the audit log may keep it."""
    return "+".join(sorted(set(roles)))
