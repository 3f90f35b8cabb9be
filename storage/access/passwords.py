"""Passwords and tokens: what is kept of them cannot be turned back."""

import hashlib
import secrets
from functools import cache

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from errors import WrongUsage

SHORTEST, LONGEST = 12, 200
"""Characters. The longest bounds the work that a stranger can ask for."""


def new_token() -> str:
    """256 random bits that can be written into a cookie or a header."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What is kept of a token: it is random, so that a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def one_time_password() -> str:
    """A password for somebody to change at once."""
    return secrets.token_urlsafe(12)


def hash_password(password: str) -> str:
    """An argon2id hash, with its parameters. Raises WrongUsage for one too short or too long."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise WrongUsage(
            f"A password must have {SHORTEST} to {LONGEST} characters; choose another one."
        )
    return _hasher().hash(password)


def password_fits(password: str, password_hash: str | None) -> bool:
    """Whether it is the one; without a hash it takes as long, and is not."""
    if len(password) > LONGEST:
        return False
    fits = _hasher().verify(password, password_hash or _nobodys_hash())
    return fits and password_hash is not None


@cache
def _hasher() -> PasswordHash:
    return PasswordHash([Argon2Hasher()])


@cache
def _nobodys_hash() -> str:
    return _hasher().hash(secrets.token_urlsafe())
