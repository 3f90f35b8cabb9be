"""The setup progress of a new installation."""

from collections import Counter
from dataclasses import dataclass

from pipeline.act import Caller
from storage.access.accounts import Role, list_accounts
from storage.database.database import reading
from storage.results.begun import Begun, begun


@dataclass(frozen=True, slots=True)
class Setup:
    """What has been set up so far."""

    accounts: Counter[Role]
    """Enabled accounts, by role."""
    begun: Begun


def setup_so_far(caller: Caller) -> Setup:
    """Read the setup progress. Raises StoreUnavailable."""
    with reading(caller.database) as session:
        enabled = [account for account in list_accounts(session) if account.disabled_at is None]
        return Setup(Counter(role for account in enabled for role in account.roles), begun(session))
