"""Passwords and tokens: only hashes of them are stored."""

import hashlib
import secrets
from functools import cache

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from errors import WrongUsage

SHORTEST, LONGEST = 12, 200
"""Characters. The upper limit bounds the work that anyone can cause by trying to log in."""


def new_token() -> str:
    """256 random bits as text for a cookie or a header."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """The stored hash of a token: tokens are random, so a plain sha256 is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def one_time_password() -> str:
    """A random one-time password, to be changed at the first login."""
    return secrets.token_urlsafe(12)


def hash_password(password: str) -> str:
    """An argon2id hash with its parameters. Raises WrongUsage if it is too short or too long."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise WrongUsage(
            f"A password must have {SHORTEST} to {LONGEST} characters; choose another one."
        )
    return _hasher().hash(password)


def password_fits(password: str, password_hash: str | None) -> bool:
    """Whether a password matches a hash; False without a hash, after the same time."""
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
