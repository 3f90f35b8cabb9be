"""Against password guessing: failed logins are counted by account and by address."""

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from errors import TooManyTries

PAIR = parse("10 per 15 minutes")
"""One account from one address."""
ADDRESS = parse("50 per 15 minutes")
ACCOUNT = parse("100 per 15 minutes")
"""From any address: high, because strangers could use it to lock out a user."""


class LoginThrottle:
    """The counts of one process, in memory only."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def check(self, name: str, address: str) -> None:
        """Raise TooManyTries after too many failures."""
        if not all(self._limiter.test(item, *keys) for item, keys in _counters(name, address)):
            raise TooManyTries("Too many failed logins; try again in 15 minutes.")

    def failed(self, name: str, address: str) -> None:
        """Count a failure."""
        for item, keys in _counters(name, address):
            self._limiter.hit(item, *keys)


def _counters(name: str, address: str) -> list[tuple[RateLimitItem, tuple[str, ...]]]:
    return [
        (PAIR, ("pair", name, address)),
        (ADDRESS, ("address", address)),
        (ACCOUNT, ("account", name)),
    ]
